"""The consumer loop: claim partitions, apply batches, publish what they say, never skip.

The truth about offsets is in MongoDB (``mongo/checkpoint.py``); Kafka's committed offset is only a
measure of lag. The loop itself claims what the group has assigned, so nothing slow runs inside the
group's callbacks; records of a partition that is not held are dropped, for the claim seeks.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from incognita_shared.health import Health
from incognita_shared.kafka.apply import Applier
from incognita_shared.kafka.batch import BatchProcessor, Slice
from incognita_shared.kafka.dead_letter import DeadLetterLimitError
from incognita_shared.kafka.incoming import Handlers, Reader, Reads
from incognita_shared.kafka.lag import Lag
from incognita_shared.kafka.ownership import BACKOFF_FIRST_S, BACKOFF_MOST_S, Ownership
from incognita_shared.kafka.pace import Pace
from incognita_shared.kafka.producer import Producer, PublishError
from incognita_shared.kafka.publisher import Publisher
from incognita_shared.mongo.checkpoint import Checkpoints
from incognita_shared.mongo.outbox import Outbox
from incognita_shared.mongo.parking import Parking
from incognita_shared.settings import KafkaSettings, kafka_name

REPLAY_EVERY_S = 2.0
# a batch costs its round trips whether it holds one record or hundreds: let some gather
FETCH_WAIT_MS = 25
FETCH_BYTES = 1 << 17
PASS_EVERY_S = 1.0
NAME = "consumer"
NO_READS: Reads = {}
log = logging.getLogger(__name__)


async def create_delivery_indexes(db: AsyncDatabase[dict[str, Any]]) -> None:
    """Collections and indexes of outbox and parking, before any transaction."""
    for store in (Outbox(db), Parking(db)):
        await store.create_indexes()


class Consumer:
    """All topics of one service, in one consumer group, handled by one table of handlers."""

    def __init__(
        self,
        service: str,
        *,
        db: AsyncDatabase[dict[str, Any]],
        producer: Producer,
        handlers: Handlers,
        health: Health,
        settings: KafkaSettings,
        owner: str,
        reads: Reads = NO_READS,
        after_commit: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._service = service
        self._db = db
        self._health = health
        self._settings = settings
        self._after_commit = after_commit
        self._topics = {kafka_name(event.topic): event.topic for event in handlers}
        self._reader = Reader(handlers)
        self._outbox = Outbox(db)
        self._parking = Parking(db)
        self._publisher = Publisher(self._outbox, producer)
        self._checkpoints = Checkpoints(db, owner=owner)
        self._processor = BatchProcessor(
            service, db, handlers=handlers, reads=reads, checkpoints=self._checkpoints
        )
        self._lock = asyncio.Lock()
        self._pace = Pace(settings.batch_max_records)
        self._last_replay = self._last_pass = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set, or for good once too many records can't be read."""
        self._health.expect(NAME, within_s=60)
        async with self._db.client.start_session() as session:
            await self._reach(stop, lambda: self._db.command("ping", session=session))
            if stop.is_set():
                return  # the session has no id before the first answer
            self._kafka = self._connect()
            self._ownership = Ownership(
                self._kafka,
                self._topics,
                checkpoints=self._checkpoints,
                outbox=self._outbox,
                publisher=self._publisher,
                parking=self._parking,
                lsid=session.session_id["id"].as_uuid(),
            )
            self._lag = Lag(self._service, self._kafka, self._ownership, self._parking)
            self._applier = Applier(
                self._service,
                session,
                checkpoints=self._checkpoints,
                ownership=self._ownership,
                processor=self._processor,
                publisher=self._publisher,
                parking=self._parking,
                after_commit=(*self._after_commit,),
                afterwards=self._lag.tell,
            )
            self._kafka.subscribe(list(self._topics), listener=_Listener(self))
            publishing = asyncio.create_task(self._publisher.run(), name="publisher")
            try:
                await self._reach(stop, self._kafka.start)
                await self._loop(stop, publishing)
            finally:
                await self._publisher.drained(within_s=10)
                publishing.cancel()
                with suppress(KafkaError, asyncio.TimeoutError):
                    await asyncio.wait_for(self._kafka.stop(), 10)

    def _connect(self) -> AIOKafkaConsumer:
        settings = self._settings
        return AIOKafkaConsumer(
            **settings.connection(),
            client_id=self._service,
            group_id=kafka_name(self._service),
            group_instance_id=settings.group_instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=settings.max_poll_interval_ms,
            request_timeout_ms=settings.request_timeout_ms,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_min_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=1 << 20,
        )

    async def _reach(self, stop: asyncio.Event, attempt: Callable[[], Awaitable[object]]) -> None:
        """Make the attempt until the server answers, or ``stop`` is set."""
        pause = BACKOFF_FIRST_S
        while not stop.is_set():
            try:
                await attempt()
            except (KafkaError, PyMongoError) as error:
                self._health.fail(NAME, f"a store is out of reach: {str(error)[:300]}")
                pause = await self._back_off(stop, pause)
            else:
                return

    async def _loop(self, stop: asyncio.Event, publishing: asyncio.Task[None]) -> None:
        pause = BACKOFF_FIRST_S
        while not stop.is_set():
            if publishing.done():
                publishing.result()  # raises what ended it
            try:
                await self._step()
                self._health.beat(NAME)
                pause = BACKOFF_FIRST_S
            except DeadLetterLimitError as error:
                self._health.fail(NAME, f"halted: {error}")
                log.critical("consumer halted", extra={"error": str(error)})
                await stop.wait()
            except (PyMongoError, PublishError, KafkaError, TimeoutError) as error:
                log.warning("consumer waits for a store", extra={"error": str(error)[:300]})
                self._health.fail(NAME, f"a store is out of reach: {type(error).__name__}")
                self._pace.failed()
                async with self._lock:
                    self._ownership.forget()
                pause = await self._back_off(stop, pause)

    async def _back_off(self, stop: asyncio.Event, pause: float) -> float:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        return min(pause * 2, BACKOFF_MOST_S)

    async def _step(self) -> None:
        polled = await self._kafka.getmany(timeout_ms=100, max_records=self._pace.records)
        async with self._lock:
            await self._ownership.claim_missing()
            self._ownership.resume_due()
            slices = self._slices(polled)
            if handled := [part for part in slices if not self._is_passed_over(part)]:
                started = time.monotonic()
                await self._applier.apply(handled)
                self._pace.took(time.monotonic() - started)
            if time.monotonic() - self._last_replay >= REPLAY_EVERY_S:
                self._last_replay = time.monotonic()
                await self._applier.replay_unparked()
            if time.monotonic() - self._last_pass >= PASS_EVERY_S:
                self._last_pass = time.monotonic()
                await self._applier.pass_over()
        await self._lag.measure()

    def _slices(self, polled: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> list[Slice]:
        """The part of what was polled that continues exactly where each held partition stands."""
        slices: list[Slice] = []
        for partition, polled_records in polled.items():
            source = self._ownership.source(partition)
            held = self._ownership.held.get(source)
            if held is None:
                continue
            records = tuple(
                self._reader.read(
                    source,
                    record.offset,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
                for record in polled_records
                if record.offset >= held.next
            )
            if records and not self._ownership.is_gap(source, records[0].offset):
                slices.append(
                    Slice(
                        source,
                        held.claim,
                        records,
                        next=records[-1].offset + 1,
                        parked=frozenset(held.parked),
                        give_up=held.give_up,
                    )
                )
        return slices

    def _is_passed_over(self, part: Slice) -> bool:
        """Whether nothing in the slice is for a handler: then it only moves on, without a write."""
        if any(record.received or record.fault for record in part.records):
            return False
        self._ownership.held[part.source].passed = part.next
        return True

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let go: let the batch under way end and its events go out, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5), self._lock:
                self._ownership.forget([self._ownership.source(each) for each in partitions])
                await self._publisher.drained(within_s=3)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Nothing is read before the claim, which the loop makes."""
        self._ownership.forget([self._ownership.source(each) for each in partitions])
        self._kafka.pause(*partitions)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        await self._consumer.revoked(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._consumer.assigned(list(assigned))
