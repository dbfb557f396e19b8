"""The dead letters on the topics, as they came."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from aiokafka.structs import ConsumerRecord

from incognita_shared.kafka.topics import dead_letter_topic
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.settings import kafka_name
from incognitactl.connections import SERVICES, Connections
from incognitactl.records import partitions_of, records_of
from incognitactl.screen import warn

SAID = (
    "dlq_source_topic", "dlq_source_partition", "dlq_source_offset", "dlq_consumer", "dlq_reason",
    "dlq_time",
)  # fmt: skip
"""The headers that ``incognita_shared.kafka.dead_letter`` puts behind the record's own."""


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """Which record it was, and which service refused it; as text, the dead letter's id."""

    consumer: str
    source: Source
    offset: int

    def __str__(self) -> str:
        return f"{self.consumer}:{self.source}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<service>:<topic>:<partition>:<offset>``. Raises ValueError naming the shape."""
        consumer, _, rest = text.partition(":")
        topic, *numbers = rest.rsplit(":", 2)
        if consumer not in SERVICES or len(numbers) != 2 or not all(map(str.isdecimal, numbers)):  # noqa: PLR2004
            raise ValueError(f"not the id of a dead letter, service:topic:partition:offset: {text}")
        return cls(consumer, Source(topic, int(numbers[0])), int(numbers[1]))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record: key, value and headers as they came to the service."""

    origin: Origin
    reason: str
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str:
        """One header as text, however broken; empty where there is none."""
        return dict(self.headers).get(name, b"").decode(errors="replace")


async def read_letters(
    connections: Connections, consumers: Collection[str] = SERVICES
) -> AsyncIterator[DeadLetter]:
    """Every dead letter of these services, once each, those of a topic in order."""
    names = {
        kafka_name(dead_letter_topic(topic.topic, consumer)): consumer
        for topic in connections.topics
        for consumer in topic.consumers
        if consumer in consumers
    }
    seen: set[Origin] = set()
    strangers: dict[str, int] = {}
    async for record in _records(connections, names):
        letter = _letter(record)
        if letter is None or letter.origin.consumer != names[record.topic]:
            strangers[record.topic] = strangers.get(record.topic, 0) + 1
        elif letter.origin not in seen:  # an outbox may have said it twice
            seen.add(letter.origin)
            yield letter
    for topic, count in strangers.items():
        warn(f"{count} records on {topic} were not put there by a service of ours: left out")


async def _records(
    connections: Connections, names: Mapping[str, str]
) -> AsyncIterator[ConsumerRecord]:
    async with connections.reader() as reader:
        partitions = await partitions_of(reader, dict.fromkeys(sorted(names), 1))
        async for record in records_of(reader, partitions):
            yield record


def _letter(record: ConsumerRecord) -> DeadLetter | None:
    own = list(record.headers)
    said: dict[str, str] = {}
    for index in range(len(own) - 1, -1, -1):  # the last of each name is ours
        name, value = own[index]
        if name in SAID and name not in said:
            said[name] = bytes(value).decode(errors="replace")
            del own[index]
    try:
        source = Source(said["dlq_source_topic"], int(said["dlq_source_partition"]))
        origin = Origin(said["dlq_consumer"], source, int(said["dlq_source_offset"]))
        at = datetime.fromisoformat(said["dlq_time"])
    except (KeyError, ValueError):
        return None
    headers = tuple((name, bytes(value)) for name, value in own)
    return DeadLetter(origin, said["dlq_reason"], at, record.key, record.value, headers)
