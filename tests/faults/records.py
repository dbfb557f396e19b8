"""Records put on the topics directly: copies, copies out of order, poison, huge and old ones."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from incognita_shared.events import EVENT_TYPES
from incognita_shared.settings import kafka_name
from tests.faults.ledger import Ledger
from tests.faults.schedule import TOPICS, Fault

LOOKED_AT = 200  # records at the end of each partition from which copies are taken
HUGE_BYTES = 900_000
LARGEST_BYTES = 1_048_576 - 61 - 60  # the topics' limit for a batch, less what frames one record
POISONED = "faults-poison"
"""A header that only the runner's own poison has, by which it is found again."""


@dataclass
class Sender:
    """Sends what no service would send, to the brokers at ``bootstrap``."""

    bootstrap: str
    ledger: Ledger
    seed: int
    sent: int = field(default=0)

    async def send(self, fault: Fault) -> None:
        """One fault's records; what is not acknowledged is sent again."""
        rng = random.Random(f"records {self.seed} {fault.at_s}")
        while True:
            try:
                await self._send(fault, rng)
            except (KafkaError, TimeoutError, OSError):
                await asyncio.sleep(1)
            else:
                return

    async def poison(self) -> set[tuple[str, int, int]]:
        """Every poison record that is on the topics, acknowledged or not."""
        found = set()
        for topic in TOPICS:
            async for record in _records(self.bootstrap, topic, last=None):
                if any(name == POISONED for name, _ in record.headers):
                    found.add((topic, record.partition, record.offset))
        return found

    async def _send(self, fault: Fault, rng: random.Random) -> None:
        seen = [each async for each in _records(self.bootstrap, fault.target, last=LOOKED_AT)]
        own = [each for each in seen if not any(name == POISONED for name, _ in each.headers)]
        if not own:
            return
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, acks="all", max_request_size=2_000_000
        )
        try:
            await producer.start()
            for record, value, headers in self._made(fault.kind, own, rng):
                await producer.send_and_wait(
                    kafka_name(fault.target),
                    value,
                    key=record.key,
                    partition=record.partition,
                    headers=headers,
                )
                self.sent += 1
                self.ledger.did[f"records: {fault.kind}"] += 1
        finally:
            with suppress(KafkaError):
                await producer.stop()

    def _made(
        self, kind: str, own: Sequence[ConsumerRecord], rng: random.Random
    ) -> Iterable[tuple[ConsumerRecord, bytes, list[tuple[str, bytes]]]]:
        some = rng.sample(own, min(len(own), 10))
        if kind == "poison":
            for number, record in enumerate(some[:3]):
                value, headers = _spoilt(record, number)
                yield record, value, [*headers, (POISONED, b"1")]
            return
        if kind == "oversized":
            headers = [*some[0].headers, (POISONED, b"1")]
            taken = len(some[0].key) + sum(len(name) + len(raw) + 4 for name, raw in headers)
            yield some[0], rng.randbytes(LARGEST_BYTES - taken), headers
            some = [each for each in some[1:2] if each.value]
        if kind == "reorder":
            partition = some[0].partition
            some = [each for each in reversed(own) if each.partition == partition][:20]
        for record in some:
            value = _changed(kind, record)
            if value != record.value:
                self.ledger.injected.add(_header(record, "ce_id"))
            yield record, value, list(record.headers)


def _spoilt(record: ConsumerRecord, way: int) -> tuple[bytes, list[tuple[str, bytes]]]:
    """No JSON, a major version that nobody knows, or a body that breaks the schema."""
    headers = list(record.headers)
    if way == 0:
        return b"\xff{not json", headers
    if way == 1:
        unknown = _header(record, "ce_type").rsplit(".", 1)[0] + ".v99"
        changed = [(name, unknown.encode() if name == "ce_type" else raw) for name, raw in headers]
        return record.value, changed
    return b'{"chain_id": 7}', headers


def _changed(kind: str, record: ConsumerRecord) -> bytes:
    """The same event: as it is, huge, or as a producer of an older version would have said it."""
    value: bytes = record.value
    event = EVENT_TYPES.get(_header(record, "ce_type"))
    if kind == "oversized":
        body = json.loads(value)
        return json.dumps({**body, "unknown_here": "x" * HUGE_BYTES}).encode()
    if kind == "old" and event is not None:
        required = {name for name, info in event.model_fields.items() if info.is_required()}
        body = json.loads(value)
        return json.dumps({name: each for name, each in body.items() if name in required}).encode()
    return value


def _header(record: ConsumerRecord, name: str) -> str:
    return next((raw.decode() for key, raw in record.headers if key == name), "")


async def _records(
    bootstrap: str, topic: str, *, last: int | None
) -> AsyncIterator[ConsumerRecord]:
    """What is on the topic now, by partition; only so many of each, if ``last`` is given."""
    consumer = AIOKafkaConsumer(
        kafka_name(topic), bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False
    )
    try:
        async with asyncio.timeout(15):
            await consumer.start()  # without a group every partition is this consumer's
        partitions = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, 0 if last is None else max(0, ends[partition] - last))
        left = {each for each in partitions if await consumer.position(each) < ends[each]}
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
            left = {each for each in left if await consumer.position(each) < ends[each]}
    finally:
        with suppress(KafkaError):
            await consumer.stop()
