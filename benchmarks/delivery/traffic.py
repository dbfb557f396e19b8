"""What both loops read and write: the same records on the same number of partitions."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from incognita_shared.events.codec import Record, encode
from incognita_shared.events.comparison import StandingChanged
from incognita_shared.events.scoring import ReportApproved
from incognita_shared.ids import derived_id
from incognita_shared.settings import KafkaSettings, kafka_name

PARTITIONS = 6
BRANCHES = 97
IN, OUT = ReportApproved.topic, StandingChanged.topic
BODY_BYTES = 672  # what the design's figures were measured with
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def approved(number: int) -> ReportApproved:
    """A verdict on a visit of its own, with a body of ``BODY_BYTES``."""
    event = ReportApproved(
        chain_id="chain-1", visit_id=f"visit-{number:08d}", branch_id=f"branch-{number % BRANCHES}",
        wave_id="wave-1", seq=1, report_revision=1, score_revision=1, score=None, passed=True,
        critical_failed=(), approved_by="rule", approved_at=_MOMENT,
    )  # fmt: skip
    missing = BODY_BYTES - len(event.model_dump_json()) - 2
    return event.model_copy(update={"critical_failed": ("x" * missing,)})


def records(count: int) -> list[Record]:
    """``count`` records, the same ones each time."""
    return [
        encode(
            approved(n),
            event_id=derived_id("benchmark", str(n)),
            source="scoring",
            trace={"traceparent": f"00-{n + 1:032x}-{n + 1:016x}-00"},
        )
        for n in range(count)
    ]


async def create_topics(settings: KafkaSettings) -> None:
    """Both topics, which must not exist yet."""
    admin = AIOKafkaAdminClient(**settings.connection())
    await admin.start()
    try:
        names = [NewTopic(kafka_name(name), PARTITIONS, 1) for name in (IN, OUT)]
        await admin.create_topics(names, timeout_ms=30_000)
    finally:
        await admin.close()


async def drop_topics(settings: KafkaSettings) -> None:
    """Leave nothing behind."""
    admin = AIOKafkaAdminClient(**settings.connection())
    await admin.start()
    try:
        await admin.delete_topics([kafka_name(name) for name in (IN, OUT)], timeout_ms=30_000)
    finally:
        await admin.close()


async def fill(settings: KafkaSettings, sent: Sequence[Record], *, per_s: float = 0) -> None:
    """Put the records on their topic, at a rate or as fast as can be."""
    producer = AIOKafkaProducer(
        **settings.connection(), acks="all", enable_idempotence=True, linger_ms=2,
        max_batch_size=262_144, compression_type="lz4",
    )  # fmt: skip
    await producer.start()
    try:
        began, futures = time.monotonic(), []
        for number, record in enumerate(sent):
            if per_s and (ahead := began + number / per_s - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            headers = list(record.headers)
            name = kafka_name(record.topic)
            futures.append(await producer.send(name, record.value, key=record.key, headers=headers))
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


async def arrivals(settings: KafkaSettings, count: int, *, within_s: float) -> list[float]:
    """Milliseconds from each input's append to its output's append, by the broker's clock.

    The output names its input's visit; both timestamps are the broker-side time of the records.
    """
    starts = {r.headers_id: r.at for r in await _read(settings, IN, count, within_s)}
    ends = await _read(settings, OUT, count, within_s)
    return sorted(one.at - starts[one.headers_id] for one in ends)


class _Seen:
    __slots__ = ("at", "headers_id")

    def __init__(self, visit: str, at: float) -> None:
        self.headers_id, self.at = visit, at


async def _read(settings: KafkaSettings, topic: str, count: int, within_s: float) -> list[_Seen]:
    name = kafka_name(topic)
    reader = AIOKafkaConsumer(**settings.connection(), auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([TopicPartition(name, number) for number in range(PARTITIONS)])
        seen: dict[str, _Seen] = {}
        async with asyncio.timeout(within_s):
            while len(seen) < count:
                for polled in (await reader.getmany(timeout_ms=100)).values():
                    for record in polled:
                        visit = dict(record.headers)["ce_subject"].decode()
                        seen.setdefault(visit, _Seen(visit, record.timestamp))
        return list(seen.values())
    finally:
        await reader.stop()
