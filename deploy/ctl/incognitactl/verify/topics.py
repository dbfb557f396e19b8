"""Reads every record of every topic, from offset 0 to the end it has when the reading begins."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from incognita_shared.events import EVENT_TYPES
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from incognitactl.records import partitions_of, records_of
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind, Ledger
from incognitactl.verify.words import NUMBERS, Said, facts_of

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
