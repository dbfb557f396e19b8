"""A small service for the delivery tests: it keeps what it got and says something of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.clock import now
from incognita_shared.events.codec import Record, encode
from incognita_shared.events.comparison import StandingChanged
from incognita_shared.events.scoring import ReportApproved
from incognita_shared.health import Health
from incognita_shared.ids import new_id
from incognita_shared.kafka.consumer import Consumer, create_delivery_indexes
from incognita_shared.kafka.incoming import Handlers, Received
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.work import Work
from incognita_shared.settings import KafkaSettings, kafka_name

SERVICE = "comparison"
Database = AsyncDatabase[dict[str, Any]]


def approved(visit_id: str, seq: int, *, branch_id: str = "branch-1") -> ReportApproved:
    """A report.approved event."""
    return ReportApproved(
        chain_id="chain-1", visit_id=visit_id, branch_id=branch_id, wave_id="wave-1", seq=seq,
        report_revision=1, score_revision=1, score=None, passed=None, critical_failed=(),
        approved_by="rule", approved_at=now(),
    )  # fmt: skip


def record_of(event: ReportApproved, event_id: str | None = None) -> Record:
    """The event as a record on its topic."""
    return encode(event, event_id=event_id or new_id(), source="scoring", trace={})


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """Counts, and says that it has; knows by the number what it has counted."""
    event = received.event
    found = await work.find_one("visits", {"_id": event.visit_id})
    if found and event.seq <= found["seqs"][-1]:
        return
    work.update(
        "visits", {"_id": event.visit_id}, {"$inc": {"n": 1}, "$push": {"seqs": event.seq}},
        upsert=True,
    )  # fmt: skip
    work.publish(
        StandingChanged(
            chain_id=event.chain_id, visit_id=event.visit_id, branch_id=event.branch_id,
            wave_id=event.wave_id, seq=(found or {}).get("n", 0) + 1, visits=1, mean_score=None,
            visit_score=None, changed_at=now(),
        )
    )  # fmt: skip


HANDLERS: Handlers = {ReportApproved: on_report_approved}


@asynccontextmanager
async def consuming(
    db: Database, settings: KafkaSettings, handlers: Handlers = HANDLERS, owner: str = "one"
) -> AsyncIterator[Consumer]:
    """A consumer at work."""
    await create_delivery_indexes(db)
    stop = asyncio.Event()
    async with started_producer(settings, client_id=SERVICE) as producer:
        consumer = Consumer(
            SERVICE, db=db, producer=producer, handlers=handlers, health=Health(),
            settings=settings, owner=owner,
        )  # fmt: skip
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            await asyncio.wait_for(running, 30)


async def eventually(condition: Callable[[], Awaitable[object]], *, within_s: float = 30) -> None:
    """Wait until the condition holds; fails with its last value after the deadline."""
    last: object = None
    try:
        async with asyncio.timeout(within_s):
            while not (last := await condition()):  # noqa: ASYNC110 - a store has no event to await
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {within_s} s; last value: {last!r}") from None


async def read_all(settings: KafkaSettings, topic: str) -> list[Any]:
    """Every record on the topic from offset 0, in order within each partition."""
    reader = AIOKafkaConsumer(**settings.connection(), auto_offset_reset="earliest")
    await reader.start()
    try:
        name = kafka_name(topic)
        reader.subscribe([name])
        partitions = [
            TopicPartition(name, number)
            for number in sorted(
                reader.partitions_for_topic(name) or await _partitions(reader, name)
            )
        ]
        reader.unsubscribe()
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        await reader.seek_to_beginning(*partitions)
        records: list[Any] = []
        while any([await reader.position(each) < ends[each] for each in partitions]):
            for polled in (await reader.getmany(timeout_ms=200)).values():
                records.extend(polled)
        return records
    finally:
        await reader.stop()


async def _partitions(reader: AIOKafkaConsumer, name: str) -> set[int]:
    while not (found := reader.partitions_for_topic(name)):
        await reader.topics()
        await asyncio.sleep(0.05)
    return set(found)
