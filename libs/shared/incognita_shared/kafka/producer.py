"""The one way onto Kafka: idempotent, acknowledged by all in-sync replicas, in the order given."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record import default_records
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from incognita_shared.events.codec import Record
from incognita_shared.kafka.spans import MESSAGING, send_span, sent_headers
from incognita_shared.settings import KafkaSettings, kafka_name
from incognita_shared.telemetry import instruments

ACKNOWLEDGED_WITHIN_S = 30.0
TARGETS_KEPT = 100_000
_PARTITION_OF = DefaultPartitioner()
Target: TypeAlias = tuple[str, int]
"""A topic, as the brokers know it, and a partition of it."""
Message: TypeAlias = tuple[Record, list[tuple[str, bytes]]]
"""A record and the headers it is sent with."""
log = logging.getLogger(__name__)


class PublishError(Exception):
    """Not all records are known to be on Kafka. To publish them again is safe."""


class Producer:
    """An aiokafka producer that can be replaced by a new one when it has failed for good."""

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._kafka: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._targets: dict[tuple[str, bytes | None], Target] = {}

    async def start(self) -> None:
        """Connect. Raises KafkaError after a minute without brokers."""
        if "_crecords" not in default_records.DefaultRecordBatchBuilder.__module__:
            raise RuntimeError("aiokafka's compiled record module is missing; see docs/adr/0003")
        self._kafka = await self._connected()

    async def stop(self) -> None:
        """Send what is under way, for at most ten seconds."""
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            with suppress(KafkaError, asyncio.TimeoutError):
                await asyncio.wait_for(kafka.stop(), 10)

    async def publish(self, records: Sequence[Record]) -> None:
        """Send the records in order and return when Kafka has them all. Raises PublishError."""
        kafka = await self._ready()
        spans = [send_span(record) for record in records]
        parts: dict[Target, list[Message]] = defaultdict(list)
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                for record, span in zip(records, spans, strict=True):
                    message = (record, sent_headers(record, span))
                    parts[await self._target(kafka, record)].append(message)
                await asyncio.gather(*(_in_order(kafka, *part) for part in parts.items()))
            instruments().sent_messages.add(len(records), MESSAGING)
        except (KafkaError, TimeoutError) as error:
            await self._replace(kafka)
            raise PublishError(f"{type(error).__name__}: {error}") from error
        finally:
            for span in spans:
                if span is not None:
                    span.end()

    async def _target(self, kafka: AIOKafkaProducer, record: Record) -> Target:
        """Where the record goes: always the same partition for the same key."""
        found = self._targets.get((record.topic, record.key))
        if found is None:
            topic = kafka_name(record.topic)
            partitions = sorted(await kafka.partitions_for(topic))
            found = (topic, _PARTITION_OF(record.key, partitions, partitions))
            if record.key is not None and len(self._targets) < TARGETS_KEPT:
                self._targets[record.topic, record.key] = found
        return found

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._kafka is None:
                try:
                    self._kafka = await self._connected()
                except KafkaError as error:
                    raise PublishError(f"{type(error).__name__}: {error}") from error
            return self._kafka

    async def _replace(self, failed: AIOKafkaProducer) -> None:
        """Futures of an idempotent producer never expire: drop it with all that it still holds."""
        is_in_use = self._kafka is failed
        if is_in_use:
            self._kafka = None
            with suppress(Exception):  # whatever it says: it is given up
                await asyncio.wait_for(failed.stop(), 1)
            with suppress(Exception):  # its stop() waits for records that nobody will take
                await failed._sender.close()
                await failed.client.close()

    @retry(
        retry=retry_if_exception_type(KafkaError),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        stop=stop_after_delay(60),
        reraise=True,
    )
    async def _connected(self) -> AIOKafkaProducer:
        settings = self._settings
        compression = settings.compression_type
        kafka = AIOKafkaProducer(
            **settings.connection(),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=settings.linger_ms,
            max_batch_size=settings.max_batch_size_bytes,
            max_request_size=2 << 20,  # a dead letter is larger than the largest record
            compression_type=None if compression == "none" else compression,
            request_timeout_ms=settings.request_timeout_ms,
        )
        try:
            await kafka.start()
        except BaseException:
            with suppress(Exception):
                await kafka.stop()
            raise
        return kafka


async def _in_order(kafka: AIOKafkaProducer, target: Target, messages: Sequence[Message]) -> None:
    """Send one partition's records in whole batches: a future a record costs as much as its bytes.

    Each batch waits for the one before it: if Kafka refuses one for good, none behind it may land,
    or a reader would take the later event of a visit first and the earlier one for a repeat.
    """
    batch = kafka.create_batch()
    for message in messages:
        if not _is_added(batch, message):
            await _sent(kafka, batch, target)
            batch = kafka.create_batch()
            _is_added(batch, message)  # an empty batch takes any record
    await _sent(kafka, batch, target)


def _is_added(batch: BatchBuilder, message: Message) -> bool:
    record, headers = message
    added = batch.append(timestamp=None, key=record.key, value=record.value, headers=headers)
    return added is not None


async def _sent(kafka: AIOKafkaProducer, batch: BatchBuilder, target: Target) -> None:
    batch.close()
    topic, partition = target
    await (await kafka.send_batch(batch, topic, partition=partition))


@asynccontextmanager
async def started_producer(settings: KafkaSettings, *, client_id: str) -> AsyncIterator[Producer]:
    """A producer, stopped at the end."""
    producer = Producer(settings, client_id=client_id)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
