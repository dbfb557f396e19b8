"""Projections rebuilt from the topics are what they were, whoever is killed on the way."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from deploy.ctl.tests.operating import (
    CHAIN,
    approved,
    contents,
    ends,
    incognitactl,
    is_caught_up,
    kill,
    prepare,
    publish,
    rejected,
    scored,
    service,
    started,
)
from incognita_comparison.handlers import HANDLERS
from incognita_shared.events.assignment import BranchChanged, WaveChanged
from incognita_shared.events.envelope import Event
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from support.delivery import consuming, eventually, read_all

COMPARISON = ("branches", "waves", "questionnaires", "api_keys", "results", "branch_waves")
INDEXED = ("branches", "waves", "results", "branch_waves")
SCORING_EVENTS = "scoring.events.v1"
COMPARISON_EVENTS = "comparison.events.v1"


def branch(number: int, *, version: int = 1) -> Event:
    """A branch in the catalog."""
    return BranchChanged.model_validate({
        "chain_id": CHAIN, "branch_id": f"branch-{number}", "store_id": f"S{number}",
        "name": f"Branch {number}, {version}", "address": "1 Main St", "city": "Westland",
        "region": "MI", "country": "US", "postal_code": "48185", "ownership": "franchise",
        "franchisee_id": None, "time_zone": "America/Detroit", "position": None,
        "geofence_m": 200, "closed": False, "version": version,
    })  # fmt: skip


def wave() -> Event:
    """A wave in the catalog."""
    return WaveChanged.model_validate({
        "chain_id": CHAIN, "wave_id": "wave-1", "programme_id": "programme", "name": "Spring",
        "state": "open", "channel": "delivery", "scenario": "dinner", "questionnaire_id": "q",
        "questionnaire_version": 1, "starts_at": "2026-03-01T00:00:00Z",
        "ends_at": "2026-03-08T00:00:00Z", "version": 1,
    })  # fmt: skip


def history(rng: random.Random, visits: int) -> list[Event]:
    """What was said of so many visits: scores, approvals, rejections, and some of it twice."""
    said: list[Event] = [wave(), *(branch(n, version=v) for v in (1, 2) for n in range(8))]
    for number in range(visits):
        about: dict[str, Any] = {"branch_id": f"branch-{number % 8}"}
        score = str(rng.randint(0, 100))
        said.append(scored(f"visit-{number}", **about, score=score))
        if rng.random() < 0.9:
            said.append(approved(f"visit-{number}", **about, score=score))
            if rng.random() < 0.1:
                said.append(said[-1])
            if rng.random() < 0.2:
                said.append(rejected(f"visit-{number}", **about))
    return said


@asynccontextmanager
async def comparison(connections: Connections) -> AsyncIterator[None]:
    """Comparison's consumer at work in this process."""
    db = connections.databases["comparison"]
    await prepare(connections, ["comparison"])
    async with consuming(db, connections.kafka, handlers=HANDLERS):
        yield


async def play(connections: Connections, *events: Event) -> None:
    """Let comparison handle the events, and stop it."""
    await publish(*events)

    async def is_done() -> bool:
        return await is_caught_up(connections, "comparison")

    async with comparison(connections):
        await eventually(is_done, within_s=60)


@pytest.fixture
async def compared(connections: Connections) -> Connections:
    """An installation in which comparison has handled a history, and is stopped."""
    rng = random.Random(1)
    await play(
        connections,
        *history(rng, 60),
        approved("unreadable").model_copy(update={"seq": -1}),
    )
    return connections


async def spoil(connections: Connections) -> None:
    """Break the projections in several ways."""
    db = connections.databases["comparison"]
    await db["branch_waves"].update_many({}, {"$inc": {"sum": 7, "approved": 1}})
    await db["results"].delete_many({"_id": {"$regex": "5$"}})
    await db["branches"].update_many({}, {"$set": {"name": "?", "version": 99}})
    await db["results"].insert_one({"_id": "nobody's", "chain_id": CHAIN})


async def test_a_rebuilt_comparison_is_what_it_was_and_says_nothing(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON, "checkpoints", without=("epoch", "lsid", "owner"))
    said = await ends(compared, COMPARISON_EVENTS)
    indexes = {name: await db[name].index_information() for name in INDEXED}
    assert len(before["results"]) == 60
    await spoil(compared)
    status, text = await incognitactl("rebuild", "comparison", "--by", "ann")
    assert status == 0, text
    after = await contents(db, *COMPARISON, "checkpoints", without=("epoch", "lsid", "owner"))
    assert after == before
    assert {name: await db[name].index_information() for name in INDEXED} == indexes
    assert await ends(compared, COMPARISON_EVENTS) == said
    account = await db["rebuilds"].find_one({})
    assert account is not None
    assert (account["by"], account["outcome"]) == ("ann", "done")
    assert f"{db.name}_rebuild" not in await db.client.list_database_names()
    await play(compared, scored("new", branch_id="branch-1"), approved("new", branch_id="branch-1"))
    assert await db["results"].count_documents({}) == 61
    assert sum((await ends(compared, COMPARISON_EVENTS)).values()) == sum(said.values()) + 1


async def test_one_projection_is_rebuilt_and_the_others_left_alone(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await spoil(compared)
    spoilt = await contents(db, *COMPARISON)
    status, text = await incognitactl("rebuild", "comparison", "--projection", "branches")
    assert status == 0, text
    after = await contents(db, *COMPARISON)
    assert after["branches"] == before["branches"]
    assert after["results"] == spoilt["results"]


async def test_a_running_service_is_not_rebuilt(compared: Connections) -> None:
    async with comparison(compared):
        await asyncio.sleep(3)
        status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert "comparison is running" in text
    assert await compared.databases["comparison"]["rebuilds"].count_documents({}) == 0


async def test_what_does_not_follow_from_topics_is_refused_with_the_reason(
    connections: Connections,
) -> None:
    for arguments, why in (
        (["assignment"], "restore it from a backup"),
        (["evidence", "--projection", "reports"], "said first here"),
        (["notification", "--projection", "deliveries"], "what was sent to whom"),
        (["comparison", "--projection", "moons"], "not moons"),
    ):
        status, text = await incognitactl("rebuild", *arguments)
        assert status == 2
        assert why in text


async def test_a_topic_that_has_lost_its_first_records_is_refused(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    found = await ends(compared, SCORING_EVENTS)
    cut = max(found, key=lambda number: found[number])
    admin = AIOKafkaAdminClient(**compared.kafka.connection())
    await admin.start()
    partition = TopicPartition(kafka_name(SCORING_EVENTS), cut)
    await admin.delete_records({partition: RecordsToDelete(before_offset=2)})
    await admin.close()
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert f"{SCORING_EVENTS}:{cut} begins at 2" in text
    assert await contents(db, *COMPARISON) == before
    status, text = await incognitactl("rebuild", "comparison", "--from-what-is-left")
    assert status == 0
    assert "will not be there any more" in text
    after = await contents(db, *COMPARISON)
    assert len(after["results"]) == len(before["results"]) - 1
    assert after["results"].items() <= before["results"].items()


async def test_a_lost_database_is_left_to_the_service_itself(compared: Connections) -> None:
    """It reads everything again and says it again with the same ids, which readers know."""
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    said = {
        dict(each.headers)["ce_id"] for each in await read_all(compared.kafka, COMPARISON_EVENTS)
    }
    await db.client.drop_database(db.name)
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert "there is no checkpoint" in text
    await play(compared)
    assert await contents(db, *COMPARISON) == before
    again = await read_all(compared.kafka, COMPARISON_EVENTS)
    assert len(again) == 2 * len(said)
    assert {dict(each.headers)["ce_id"] for each in again} == said


async def test_parked_visits_and_dead_letters_stay_what_they_are(compared: Connections) -> None:
    """The service has not handled them, so the rebuilt projection does not have them either."""
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    last = (await ends(compared, SCORING_EVENTS))[0]
    await publish(*(scored("parked", branch_id=f"branch-{number}") for number in range(1)))
    found = await ends(compared, SCORING_EVENTS)
    (record,) = [
        each for each in await read_all(compared.kafka, SCORING_EVENTS) if b'"parked"' in each.value
    ]
    source = f"{SCORING_EVENTS}:{record.partition}"
    await db["parked_records"].insert_one(
        {"_id": f"{source}:{record.offset:015d}", "source": source, "offset": record.offset}
    )
    await db["checkpoints"].update_one({"_id": source}, {"$set": {"next": record.offset + 1}})
    assert found != last
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before
    assert await db["parked_records"].count_documents({}) == 1


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


@pytest.mark.parametrize("delay_s", [0, 0.05, 0.1, 0.2])
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


async def test_of_two_rebuilds_at_a_time_one_gives_way(connections: Connections) -> None:
    await play(connections, *history(random.Random(3), 800))
    db = connections.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await spoil(connections)
    tools = [await started("rebuild", "comparison") for _ in range(2)]
    said = [b"".join(await tool.communicate()).decode() for tool in tools]
    assert 0 in [tool.returncode for tool in tools] or "has taken over" in "".join(said), said
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before


@pytest.mark.parametrize("seed", range(3))
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
