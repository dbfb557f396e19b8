"""The simulated broker: logs of records, and consumer groups that rebalance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import ConsumerRecord, TopicPartition

from tests.simulation.broker.group import Group
from tests.simulation.chance import Chance
from tests.simulation.loop import SimulatedLoop

Headers = Sequence[tuple[str, bytes]]
_PARTITION_OF = DefaultPartitioner()


@dataclass(frozen=True, slots=True)
class Sent:
    """What a producer wants to have appended."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class BrokerServer:
    """Topics and groups. Each method runs at one moment."""

    name = "broker"

    def __init__(
        self, loop: SimulatedLoop, chance: Chance, *, partitions: Mapping[str, int]
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._partitions = dict(partitions)
        self.cut: float | None = None
        self.logs: dict[TopicPartition, list[ConsumerRecord]] = {}
        self.ends: dict[TopicPartition, int] = {}
        self.groups: dict[str, Group] = {}
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        self.on_append: Callable[[ConsumerRecord], None] = lambda _: None
        self._watching: dict[TopicPartition, list[Callable[[], None]]] = {}
        self.gaps = 0.0
        """How often an offset is left out, as after a compaction."""

    def partitions_of(self, topic: str) -> list[TopicPartition]:
        """A topic's partitions; one for those that were not declared."""
        return [TopicPartition(topic, n) for n in range(self._partitions.get(topic, 1))]

    def partition_for(self, topic: str, key: bytes | None) -> TopicPartition:
        """Where a key's records go."""
        numbers = list(range(self._partitions.get(topic, 1)))
        return TopicPartition(topic, _PARTITION_OF(key, numbers, numbers))

    def append(self, partition: TopicPartition, records: Sequence[Sent]) -> None:
        """Append the records and tell those who wait for some."""
        log = self.logs.setdefault(partition, [])
        for sent in records:
            offset = self.ends.get(partition, 0)
            if self.gaps and self._chance.happens(self.gaps):
                offset += 1
            record = ConsumerRecord(
                partition.topic, partition.partition, offset, int(self._loop.time() * 1000), 0,
                sent.key, sent.value, None, len(sent.key or b""), len(sent.value or b""),
                tuple(sent.headers),
            )  # fmt: skip
            log.append(record)
            self.ends[partition] = offset + 1
            self.on_append(record)
        for tell in self._watching.pop(partition, ()):
            tell()

    def watch(self, partition: TopicPartition, tell: Callable[[], None]) -> None:
        """Call back at the next append."""
        self._watching.setdefault(partition, []).append(tell)

    def read(self, partition: TopicPartition, position: int, most: int) -> list[ConsumerRecord]:
        """Records from the position on."""
        log = self.logs.get(partition, [])
        low = len(log)
        while low and log[low - 1].offset >= position:
            low -= 1
        return log[low : low + most]

    def records(self, topic: str) -> list[ConsumerRecord]:
        """All of a topic, partition by partition, for the checker."""
        return [record for tp in self.partitions_of(topic) for record in self.logs.get(tp, ())]

    def group(self, name: str, options: Mapping[str, Any]) -> Group:
        """The consumer group of this name."""
        if name not in self.groups:
            self.groups[name] = Group(
                self._loop,
                self._chance,
                self.partitions_of,
                session_s=options["session_timeout_ms"] / 1000,
                rebalance_s=options["rebalance_timeout_ms"] / 1000,
            )
        return self.groups[name]
