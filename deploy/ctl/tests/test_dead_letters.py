"""Dead letters: listed, replayed to the one service that refused them, discarded for a reason."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
    rejected,
    scored,
    service,
    started,
)
from incognita_comparison.handlers import HANDLERS
from incognita_shared.events.scoring import ReportApproved
from incognita_shared.settings import KafkaSettings
from incognitactl.connections import Connections
from incognitactl.dead_letters.resolutions import State, dead_letters
from support.delivery import consuming, eventually, read_all


class Older(ReportApproved):
    """The approval as an older release read it: it wanted a field that nobody sends."""

    reviewer_badge: int


OLDER = {(Older if kind is ReportApproved else kind): each for kind, each in HANDLERS.items()}


@asynccontextmanager
async def release(connections: Connections, handlers: Any) -> AsyncIterator[None]:
    """Comparison's consumer in this process, with the handlers of some release."""
    await prepare(connections, ["comparison"])
    async with own_database() as db, consuming(db, connections.kafka, handlers=handlers):
        yield


async def states(connections: Connections) -> list[State]:
    """Where each dead letter stands."""
    return [each.resolution.state async for each in dead_letters(connections)]


async def counted(connections: Connections, branch_id: str = "branch-1") -> int:
    """How many visits count for the branch."""
    sums = await connections.databases["comparison"]["branch_waves"].find_one(
        {"_id": f"wave-1:{branch_id}"}
    )
    return int(sums["approved"]) if sums else 0


def reached(connections: Connections, wanted: list[State]) -> Callable[[], Awaitable[bool]]:
    """Whether the dead letters stand so."""

    async def look() -> bool:
        return await states(connections) == wanted

    return look


@pytest.fixture
async def refused(connections: Connections) -> Connections:
    """Two visits scored and approved, whose approvals an older release of comparison refused."""
    await publish(scored("one"), approved("one"), scored("two"), approved("two"))
    async with release(connections, OLDER):
        await eventually(reached(connections, [State.OPEN, State.OPEN]))
    return connections


async def ids(connections: Connections) -> list[str]:
    return [str(each.letter.origin) async for each in dead_letters(connections)]


async def test_the_open_ones_are_listed_by_service_topic_time_and_reason(
    refused: Connections,
) -> None:
    status, said = await incognitactl("dead-letters", "list", "--json")
    assert status == 1
    listed = orjson.loads(said)
    assert [each["id"] for each in listed] == await ids(refused)
    assert listed[0]["type"] == "incognita.report.approved.v1"
    assert "reviewer_badge" in listed[0]["reason"]
    for filters, count in (
        (["--service", "comparison", "--topic", "scoring.events.v1"], 2),
        (["--reason-contains", "reviewer_badge", "--since", "2026-01-01"], 2),
        (["--service", "scoring"], 0),
        (["--topic", "evidence.events.v1"], 0),
        (["--since", "2999-01-01"], 0),
        (["--reason-contains", "something else"], 0),
    ):
        status, said = await incognitactl("dead-letters", "list", "--json", *filters)
        assert (status, len(orjson.loads(said))) == (int(count > 0), count), filters


async def test_one_is_shown_with_its_headers_and_body(refused: Connections) -> None:
    name = (await ids(refused))[0]
    status, said = await incognitactl("dead-letters", "show", name, "--json")
    shown = orjson.loads(said)
    assert status == 0
    assert shown["headers"]["ce_type"] == "incognita.report.approved.v1"
    assert not [header for header in shown["headers"] if header.startswith("dlq_")]
    assert orjson.loads(shown["body"])["visit_id"] == "one"
    status, said = await incognitactl("dead-letters", "show", "comparison:scoring.events.v1:0:9999")
    assert status == 1
    assert "is no dead letter" in said
    status, said = await incognitactl("dead-letters", "show", "nonsense")
    assert status == 2


async def test_a_replay_reaches_the_service_that_refused_and_no_other(
    refused: Connections,
) -> None:
    before = await read_all(refused.kafka, "scoring.events.v1")
    first, second = await ids(refused)
    async with release(refused, HANDLERS):
        status, said = await incognitactl("dead-letters", "replay", first, "--by", "ann")
        assert (status, said) == (0, f"{first}: replayed\n")
        assert await counted(refused) == 1
        status, said = await incognitactl("dead-letters", "list", "--json")
        assert [each["id"] for each in orjson.loads(said)] == [second]
        status, said = await incognitactl("dead-letters", "list", "--all", "--json")
        assert [each["by"] for each in orjson.loads(said)] == ["ann", None]
        for _ in range(2):  # a third and a fourth time: nothing is counted twice
            assert (await incognitactl("dead-letters", "replay", first))[0] == 0
        status, said = await incognitactl("dead-letters", "replay", first, "--again")
        assert status == 0, said
        assert await counted(refused) == 1
        assert (await incognitactl("dead-letters", "replay", "--all-matching"))[0] == 0
        assert await counted(refused) == 2
    assert len(await read_all(refused.kafka, "scoring.events.v1")) == len(before)
    assert (await incognitactl("dead-letters", "list"))[0] == 0


async def test_a_replay_that_comes_behind_later_events_of_its_visit_changes_nothing(
    refused: Connections,
) -> None:
    await publish(rejected("one"))
    db = refused.databases["comparison"]

    async def is_read() -> bool:
        return bool(await db["results"].find_one({"_id": "one", "seq": 3}))

    async with release(refused, HANDLERS):
        await eventually(is_read)
        assert (await incognitactl("dead-letters", "replay", (await ids(refused))[0]))[0] == 0
        assert await counted(refused) == 0


async def test_what_is_still_unreadable_stays_open_and_is_told(connections: Connections) -> None:
    broken = scored("one").model_copy(update={"seq": -1})
    await publish(broken)
    async with release(connections, HANDLERS):
        await eventually(reached(connections, [State.OPEN]))
        name = (await ids(connections))[0]
        status, said = await incognitactl("dead-letters", "replay", name)
        assert status == 1
        assert "still can't be read: seq" in said
        assert await states(connections) == [State.OPEN]


async def test_a_replay_that_fails_stays_open_with_the_reason(connections: Connections) -> None:
    await publish(approved("one", 1))  # of a score that never comes
    async with release(connections, OLDER):
        await eventually(reached(connections, [State.OPEN]))
    name = (await ids(connections))[0]
    async with release(connections, HANDLERS):
        status, said = await incognitactl("dead-letters", "replay", name)
        assert status == 1
        assert "failed" in said
        assert "no score of one is here yet" in said
        assert await states(connections) == [State.FAILED]
        await publish(scored("two"), approved("two"))  # the visit's partition is not held up

        async def flows() -> bool:
            return await counted(connections) == 1

        await eventually(flows)
    assert (await incognitactl("dead-letters", "discard", name, "--reason", "no such visit"))[
        0
    ] == 0
    assert await states(connections) == [State.DISCARDED]
    assert await connections.databases["comparison"]["parked_subjects"].count_documents({}) == 0
    assert await connections.databases["comparison"]["parked_records"].count_documents({}) == 0


async def test_nobody_at_work_is_said(refused: Connections) -> None:
    name = (await ids(refused))[0]
    status, said = await incognitactl("dead-letters", "replay", name, "--wait", "1")
    assert status == 1
    assert "does comparison run?" in said
    assert (await states(refused))[0] == State.REPLAYING


async def test_what_is_discarded_is_given_up_with_who_and_why(refused: Connections) -> None:
    first, second = await ids(refused)
    status, _ = await incognitactl(
        "dead-letters", "discard", first, "--reason", "a test record", "--by", "ann"
    )
    assert status == 0
    status, said = await incognitactl("dead-letters", "list", "--all", "--json")
    gone, left = orjson.loads(said)
    assert (gone["state"], gone["by"], gone["why"]) == ("discarded", "ann", "a test record")
    assert left["state"] == "open"
    status, said = await incognitactl("dead-letters", "replay", first)
    assert status == 1
    assert "was discarded by ann: a test record" in said
    async with release(refused, HANDLERS):
        assert (await incognitactl("dead-letters", "replay", second))[0] == 0
        status, said = await incognitactl("dead-letters", "discard", second, "--reason", "late")
        assert status == 1
        assert "was replayed" in said


async def test_a_parked_visit_s_dead_letter_waits_in_its_place(refused: Connections) -> None:
    """The order of the visit's records is kept: what is parked behind it is handled after it."""
    db = refused.databases["comparison"]
    name = (await ids(refused))[0]
    letter = (await anext(dead_letters(refused))).letter
    source = str(letter.origin.source)
    await db["parked_subjects"].insert_one({
        "_id": f"{source}:one", "source": source, "subject": "one", "unpark": False,
        "reason": "a fault", "since": letter.at,
    })  # fmt: skip
    status, said = await incognitactl("dead-letters", "replay", name)
    assert status == 1
    assert "waiting" in said
    async with release(refused, HANDLERS):
        assert (await incognitactl("parked", "unpark", "one", "--wait"))[0] == 0
        assert (await states(refused))[0] == State.REPLAYED
        assert await counted(refused) == 1


@pytest.mark.parametrize("seed", [1])
async def test_kill_9_of_tool_and_service_loses_no_replay_and_counts_none_twice(
    connections: Connections, seed: int
) -> None:
    rng = random.Random(seed)
    visits = [f"visit-{number}" for number in range(12)]
    for visit in visits:
        await publish(scored(visit), approved(visit))
    async with release(connections, OLDER):
        await eventually(reached(connections, [State.OPEN] * len(visits)))
    for _ in range(2):
        async with service("comparison", KAFKA_GROUP_INSTANCE_ID="comparison-1") as process:
            tool = await started("dead-letters", "replay", "--all-matching", "--wait", "60")
            await asyncio.sleep(rng.uniform(0.8, 4))
            first, second = rng.sample([tool, process], 2)
            await kill(first)
            await asyncio.sleep(rng.uniform(0, 1))
            await kill(second)
        assert await counted(connections) <= len(visits)
    async with service("comparison", KAFKA_GROUP_INSTANCE_ID="comparison-1"):
        status, said = await incognitactl("dead-letters", "replay", "--all-matching")
        assert status == 0, said
        await eventually(reached(connections, [State.REPLAYED] * len(visits)))
    assert await counted(connections) == len(visits)
    said_of = [each.key for each in await read_all(KafkaSettings(), "comparison.events.v1")]
    ids_said = {
        dict(each.headers)["ce_id"]
        for each in await read_all(KafkaSettings(), "comparison.events.v1")
    }
    assert len(ids_said) == len(visits) <= len(said_of)
