"""Reads every record of every topic, from offset 0 to the end it has when the reading begins."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from incognita_shared.events import EVENT_TYPES
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections, UnreachableError
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind, Ledger
from incognitactl.verify.words import NUMBERS, Said, facts_of

STALLED_S = 30.0
PER_VISIT = frozenset({"traceparent", "tracestate"})
"""Headers that each sending writes anew."""


@dataclass
class Reading:
    """What reading the topics told, beside the facts in the ledger.

    ``broken``: records that are no events; ``poison``: records named beforehand, wherever they lie.
    ``trimmed``: topics whose oldest records are gone. ``late``: subjects of records that some
    reader of theirs had not applied when the stores were read.
    """

    broken: list[ConsumerRecord] = field(default_factory=list)
    poison: list[ConsumerRecord] = field(default_factory=list)
    trimmed: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)


async def read_topics(
    connections: Connections,
    reader: AIOKafkaConsumer,
    ledger: Ledger,
    findings: Findings,
    *,
    poison: Collection[tuple[str, int, int]],
    floors: Mapping[Source, int],
    tell: Callable[[str, int], None],
) -> Reading:
    """Every event becomes a fact of its subject. ``floors``: from where on records are ``late``."""
    reading = Reading()
    names = {kafka_name(topic.topic): topic.topic for topic in connections.topics}
    partitions = await partitions_of(
        reader, {kafka_name(topic.topic): topic.partitions for topic in connections.topics}
    )
    begins = await reader.beginning_offsets(partitions) if partitions else {}
    reading.trimmed.update(names[each.topic] for each, begin in begins.items() if begin > 0)
    async for record in records_of(reader, partitions):
        topic = names[record.topic]
        findings.counts[f"records on {topic}"] += 1
        tell(f"reading {topic}", findings.counts[f"records on {topic}"])
        if (topic, record.partition, record.offset) in poison:
            reading.poison.append(record)
            continue
        found = _said(topic, record)
        if found is None:
            reading.broken.append(record)
            continue
        subject, said = found
        ledger.add(subject, Kind.RECORD, list(said), record.offset)
        if record.offset >= floors.get(Source(topic, record.partition), 0):
            reading.late.add(subject)
    return reading


async def records_of(
    reader: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> AsyncIterator[ConsumerRecord]:
    """The records of these partitions, in order in each. Raises UnreachableError at a stop."""
    if not partitions:
        return
    begins = await reader.beginning_offsets(partitions)
    ends = await reader.end_offsets(partitions)
    left = {each for each in partitions if begins[each] < ends[each]}
    if left:
        reader.assign(sorted(left))
    for each in left:
        reader.seek(each, begins[each])
        reader.resume(each)
    progress_at = time.monotonic()
    while left:
        for partition, records in (await reader.getmany(timeout_ms=500)).items():
            progress_at = time.monotonic()
            for record in records:
                if record.offset < ends[partition]:
                    yield record
        for each in [each for each in left if await reader.position(each) >= ends[each]]:
            left.discard(each)
            reader.pause(each)
        if time.monotonic() - progress_at > STALLED_S:
            raise UnreachableError(f"Kafka: nothing came of {sorted(left)[:3]} for {STALLED_S} s")


async def partitions_of(
    reader: AIOKafkaConsumer, partitions: Mapping[str, int]
) -> list[TopicPartition]:
    """All partitions of those topics that exist; topic as on the broker → number, as declared.

    The reader is given them, at rest: it then knows their leaders, at one request for all.
    """
    known = await reader.topics()
    found = [
        TopicPartition(name, number)
        for name, count in partitions.items()
        if name in known
        for number in range(count)
    ]
    if found:
        reader.assign(found)
        reader.pause(*found)
    return found


def _said(topic: str, record: ConsumerRecord) -> tuple[str, Said] | None:
    """The subject and what is kept of the event; None for a record that is none."""
    try:
        headers = {name: bytes(value).decode() for name, value in record.headers}
        body: Any = orjson.loads(record.value or b"")
        number = NUMBERS[headers["ce_type"]]
        if EVENT_TYPES[headers["ce_type"]].topic != topic:
            return None
        order, detail, passed = facts_of(headers["ce_type"], body)
        about = body.get("event_subject") or headers["ce_subject"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    said = Said(
        number, headers["ce_id"], record.partition, record.offset, _digest(record), order, detail,
        passed, record.timestamp,
    )  # fmt: skip
    return about, said


def _digest(record: ConsumerRecord) -> str:
    digest = blake2b(record.value or b"", digest_size=8, key=(record.key or b"")[:64])
    for name, value in sorted(record.headers):
        if name not in PER_VISIT:
            digest.update(name.encode() + b"=" + bytes(value) + b";")
    return digest.hexdigest()
