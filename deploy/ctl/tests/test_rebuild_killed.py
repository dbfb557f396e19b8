"""Rebuilds that are killed, doubled, abandoned, or met by a service that was started."""

import asyncio
import random

import pytest

from deploy.ctl.tests.comparing import (
    COMPARISON,
    COMPARISON_EVENTS,
    history,
    play,
    spoil,
)
from deploy.ctl.tests.operating import (
    contents,
    ends,
    incognitactl,
    kill,
    publish,
    scored,
    service,
    started,
)
from incognitactl.connections import Connections
from support.delivery import eventually


async def test_a_service_started_meanwhile_waits_and_changes_nothing(
    compared: Connections,
) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await publish(*history(random.Random(2), 3_000))
    tool = await started("rebuild", "comparison")
    await eventually(lambda: db["rebuilds"].count_documents({"_id": "now"}))
    await kill(tool)
    async with service("comparison", KAFKA_GROUP_INSTANCE_ID="one"):
        await asyncio.sleep(6)
        assert await contents(db, *COMPARISON) == before
        status, text = await incognitactl("rebuild", "comparison")
        assert status == 2
        assert "comparison is running" in text
    status, text = await incognitactl("rebuild", "comparison", "--projection", "branches")
    assert status == 2
    assert "is running" in text or "is being rebuilt" in text

    async def is_finished() -> bool:  # once the killed member's session has timed out
        return (await incognitactl("rebuild", "comparison"))[0] == 0

    await eventually(is_finished, within_s=60)
    assert await contents(db, *COMPARISON) == before


@pytest.mark.parametrize("delay_s", [0, 0.1])
async def test_kill_9_while_collections_change_places_leaves_what_a_rerun_finishes(
    compared: Connections, delay_s: float
) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await spoil(compared)
    tool = await started("rebuild", "comparison")
    while not await db["rebuilds"].find_one({"state": "swapping"}):  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    await asyncio.sleep(delay_s)
    await kill(tool)
    if await db["rebuilds"].find_one({"_id": "now"}):
        status, text = await incognitactl("rebuild", "comparison", "--abandon")
        assert status == 2
        assert "finish it by the same command" in text
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before
    await play(compared, scored("new"))
    assert await db["results"].count_documents({"_id": "new"}) == 1


async def test_of_two_rebuilds_at_a_time_one_gives_way_or_both_and_a_rerun_finishes(
    connections: Connections,
) -> None:
    await play(connections, *history(random.Random(3), 800))
    db = connections.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await spoil(connections)
    tools = [await started("rebuild", "comparison") for _ in range(2)]
    said = [b"".join(await tool.communicate()).decode() for tool in tools]
    for tool, text in zip(tools, said, strict=True):
        assert tool.returncode == 0 or ("incognitactl: " in text and "Traceback" not in text), said
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before


@pytest.mark.parametrize("seed", [1])
async def test_kill_9_of_a_rebuild_leaves_what_a_rerun_finishes(
    connections: Connections, seed: int
) -> None:
    rng = random.Random(seed)
    await play(connections, *history(rng, 800))
    db = connections.databases["comparison"]
    before = await contents(db, *COMPARISON)
    said = await ends(connections, COMPARISON_EVENTS)
    await spoil(connections)
    killed = 0
    for _ in range(12):
        tool = await started("rebuild", "comparison")
        try:
            async with asyncio.timeout(rng.uniform(0.7, 2.5)):
                await tool.communicate()
        except TimeoutError:
            await kill(tool)
            killed += 1
        if await db["rebuilds"].count_documents({"outcome": "done"}):
            break
    else:
        status, text = await incognitactl("rebuild", "comparison")
        assert status == 0, text
    assert killed
    status, text = await incognitactl("rebuild", "comparison")  # once more from the beginning
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before
    assert await ends(connections, COMPARISON_EVENTS) == said
    await play(connections)  # the service goes on
    assert await contents(db, *COMPARISON) == before


async def test_an_abandoned_rebuild_leaves_what_was_there(compared: Connections) -> None:
    db = compared.databases["comparison"]
    await spoil(compared)
    before = await contents(db, *COMPARISON)
    tool = await started("rebuild", "comparison")
    await eventually(lambda: db["rebuilds"].count_documents({"_id": "now"}))
    await kill(tool)
    status, text = await incognitactl("rebuild", "comparison", "--abandon")
    if await db["rebuilds"].count_documents({"outcome": "abandoned"}):
        assert status == 0, text
        assert await contents(db, *COMPARISON) == before
    await play(compared, scored("new"))
    assert await db["results"].count_documents({"_id": "new"}) == 1
