"""What the tests of the operator's commands share: events, services at work, commands."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from incognita_shared.clock import now
from incognita_shared.events.codec import encode
from incognita_shared.events.envelope import Event
from incognita_shared.events.scoring import ReportApproved, ReportRejected, VisitScored
from incognita_shared.ids import new_id
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.client import Database, mongo_database
from incognita_shared.settings import KafkaSettings, MongoSettings
from incognitactl.connections import Connections
from incognitactl.rebuild.topics import reach

CHAIN = "c" * 32
ROOT = Path(__file__).parents[3]


def _about(visit_id: str, seq: int, branch_id: str) -> dict[str, Any]:
    return {
        "chain_id": CHAIN, "visit_id": visit_id, "branch_id": branch_id, "wave_id": "wave-1",
        "seq": seq, "report_revision": 1,
    }  # fmt: skip


def scored(visit_id: str, seq: int = 1, *, branch_id: str = "branch-1", **changes: Any) -> Event:
    """A visit's score, with any field otherwise."""
    fields = {
        "score_revision": 1, "programme_id": "programme", "shopper_id": "shopper",
        "questionnaire_id": "q", "questionnaire_version": 1, "engine_version": "1",
        "score": "80", "passed": True, "critical_failed": (), "sections": (), "questions": (),
        "visited_at": now(), "scored_at": now(),
    }  # fmt: skip
    return VisitScored.model_validate(_about(visit_id, seq, branch_id) | fields | changes)


def approved(
    visit_id: str, seq: int = 2, *, branch_id: str = "branch-1", score: str = "80"
) -> Event:
    """The approval of that score."""
    return ReportApproved.model_validate(
        _about(visit_id, seq, branch_id)
        | {
            "score_revision": 1,
            "score": score,
            "passed": True,
            "critical_failed": (),
            "approved_by": "rule",
            "approved_at": now(),
        }
    )


def rejected(visit_id: str, seq: int = 3, *, branch_id: str = "branch-1") -> Event:
    """The rejection of that score."""
    return ReportRejected.model_validate(
        _about(visit_id, seq, branch_id) | {"reason": "blurred", "rejected_at": now()}
    )


async def publish(*events: Event) -> None:
    """Put the events on their topics, in order."""
    async with started_producer(KafkaSettings(), client_id="test") as producer:
        await producer.publish(
            [encode(each, event_id=new_id(), source="test", trace={}) for each in events]
        )


@asynccontextmanager
async def service(name: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"incognita_{name}",
        env=os.environ | {"HTTP_PORT": "0", "KAFKA_SESSION_TIMEOUT_MS": "6000"} | environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def started(*arguments: str) -> asyncio.subprocess.Process:
    """``incognitactl`` at work, for a test that ends it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognitactl", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def incognitactl(*arguments: str, within_s: float = 60) -> tuple[int, str]:
    """Run the command to its end: exit status, and what it said."""
    process = await started(*arguments)
    try:
        said, warned = await asyncio.wait_for(process.communicate(), within_s)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode() + warned.decode()


async def kill(process: asyncio.subprocess.Process) -> None:
    """kill -9, and its end awaited; nothing where it has ended by itself."""
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        await process.communicate()


async def stop(process: asyncio.subprocess.Process) -> None:
    """Let it end in order, so that it leaves its consumer group."""
    process.terminate()
    await asyncio.wait_for(process.wait(), 30)


async def prepare(connections: Connections, names: Sequence[str]) -> None:
    """Collections and indexes of these services."""
    for name in names:
        await import_module(f"incognita_{name}.repository").create_indexes(
            connections.databases[name]
        )


async def ends(connections: Connections, topic: str) -> dict[int, int]:
    """Where the topic's partitions end."""
    return {
        source.partition: end for source, end in (await reach(connections, [topic])).ends.items()
    }


def own_database() -> AbstractAsyncContextManager[Database]:
    """Comparison's database by connections of its own, as a service has them.

    The next consumer ends the session of this one, which must not be one that the test uses again.
    """
    return mongo_database(MongoSettings(), "comparison")


async def is_caught_up(connections: Connections, name: str) -> bool:
    """Whether the service has read all there is, and said all that it had to say."""
    db = connections.databases[name]
    topics = [each.topic for each in connections.topics if name in each.consumers]
    found = await reach(connections, topics)
    read = {each["_id"]: each["next"] async for each in db["checkpoints"].find({})}
    behind = [source for source, end in found.ends.items() if read.get(str(source), 0) < end]
    waiting = await db["outbox"].count_documents({})
    pending = await db["scores"].count_documents({"has_pending": True})
    return not behind and not waiting and not pending


async def contents(db: Database, *collections: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """Every document of the collections, by collection and id, without these fields."""
    return {
        name: {
            each["_id"]: {key: value for key, value in each.items() if key not in without}
            async for each in db[name].find({})
        }
        for name in collections
    }
