"""Parked visits: listed, shown, unparked, followed until they are handled or fail again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from deploy.ctl.tests.operating import (
    approved,
    incognitactl,
    kill,
    own_database,
    prepare,
    publish,
    scored,
    service,
    started,
)
from incognita_comparison.handlers import HANDLERS
from incognita_shared.events.scoring import ReportApproved
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.work import Work
from incognitactl.connections import Connections
from support.delivery import consuming, eventually


async def fails(received: Received[ReportApproved], work: Work) -> None:
    """A handler with a fault in it."""
    raise ValueError(f"cannot count {received.event.visit_id}")


FAULTY = HANDLERS | {ReportApproved: fails}


@pytest.fixture
async def parked(connections: Connections) -> Connections:
    """Two visits whose approvals a faulty release of comparison could not handle."""
    await park(connections, "one", "two")
    return connections


async def park(connections: Connections, *visits: str) -> None:
    """Let a faulty release park these visits; each has two records that wait."""
    await prepare(connections, ["comparison"])
    for visit in visits:
        await publish(scored(visit), approved(visit), approved(visit, 3))
    async with own_database() as db, consuming(db, connections.kafka, handlers=FAULTY):
        await eventually(waiting(connections, 2 * len(visits)), within_s=90)


def waiting(connections: Connections, count: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many records wait."""
    records = connections.databases["comparison"]["parked_records"]

    async def look() -> bool:
        return await records.count_documents({}) == count

    return look


async def counted(connections: Connections) -> Any:
    """How many visits count for the branch."""
    sums = await connections.databases["comparison"]["branch_waves"].find_one({})
    return sums["approved"] if sums else 0


async def test_what_waits_is_listed_with_why_and_how_many_records(parked: Connections) -> None:
    status, said = await incognitactl("parked", "list", "--json")
    assert status == 1
    found = orjson.loads(said)
    assert [(each["service"], each["subject"], each["waiting"]) for each in found] == [
        ("comparison", "one", 2),
        ("comparison", "two", 2),
    ]
    assert found[0]["reason"] == "ValueError: cannot count one"
    assert found[0]["source"].startswith("scoring.events.v1:")
    status, said = await incognitactl("parked", "list")
    assert "cannot count one" in said
    status, said = await incognitactl("parked", "list", "--service", "evidence")
    assert (status, said) == (0, "nothing is parked\n")


async def test_a_visit_is_shown_with_its_records_in_order(parked: Connections) -> None:
    status, said = await incognitactl("parked", "show", "one", "--json")
    (shown,) = orjson.loads(said)
    assert status == 0
    assert [orjson.loads(each["body"])["seq"] for each in shown["records"]] == [2, 3]
    assert [each["reason"] for each in shown["records"]] == ["ValueError: cannot count one", None]
    assert (await incognitactl("parked", "show", "nobody"))[0] == 1


async def test_unparking_is_followed_until_each_is_handled(parked: Connections) -> None:
    async with own_database() as db, consuming(db, parked.kafka, handlers=HANDLERS):
        status, said = await incognitactl("parked", "unpark", "--all", "--wait")
    assert status == 0
    assert sorted(line.split(" ", 2)[2] for line in said.splitlines()) == [
        "one: handled",
        "two: handled",
    ]
    assert await counted(parked) == 2
    assert (await incognitactl("parked", "list"))[0] == 0


async def test_what_fails_again_is_told_with_the_new_reason(parked: Connections) -> None:
    async with own_database() as db, consuming(db, parked.kafka, handlers=FAULTY):
        status, said = await incognitactl("parked", "unpark", "one", "--wait")
    assert status == 1
    assert "one: failed again: " in said
    assert "cannot count one" in said
    status, said = await incognitactl("parked", "unpark", "one", "nobody", "--wait", "1")
    assert status == 1
    assert "nobody is not parked" in said
    assert "does comparison run?" in said
    assert (await incognitactl("parked", "unpark"))[0] == 2


@pytest.mark.parametrize("seed", [1])
async def test_kill_9_of_tool_and_service_while_unparking_loses_nothing(
    connections: Connections, seed: int
) -> None:
    rng = random.Random(seed)
    visits = [f"visit-{number}" for number in range(6)]
    await park(connections, *visits)
    for _ in range(2):
        async with service("comparison", KAFKA_GROUP_INSTANCE_ID="comparison-1") as process:
            tool = await started("parked", "unpark", "--all", "--wait")
            await asyncio.sleep(rng.uniform(1, 4))
            for each in rng.sample([tool, process], 2):
                await kill(each)
                await asyncio.sleep(rng.uniform(0, 0.5))
    async with service("comparison", KAFKA_GROUP_INSTANCE_ID="comparison-1"):
        status, said = await incognitactl("parked", "unpark", "--all", "--wait")
        assert status == 0, said
    assert await waiting(connections, 0)()
    assert await counted(connections) == len(visits)
