"""How far the topics of a rebuild reach, and whether they still begin at their beginning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from incognita_shared.mongo.checkpoint import Source
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections, UnreachableError
from incognitactl.rebuild.errors import Refused


@dataclass(frozen=True)
class Reach:
    """Per partition: the first offset that is left, and the one behind the last."""

    begins: Mapping[Source, int]
    ends: Mapping[Source, int]

    def cut_off(self, compacted: Sequence[str]) -> list[Source]:
        """Partitions whose first records are gone for good."""
        return [
            source
            for source, first in self.begins.items()
            if first > 0 and source.topic not in compacted
        ]


async def reach(connections: Connections, topics: Sequence[str]) -> Reach:
    """What the brokers say of these topics. Raises Refused where one does not exist."""
    declared = {topic.topic: topic.partitions for topic in connections.topics}
    sources = [Source(topic, number) for topic in topics for number in range(declared[topic])]
    on_broker = {source: _on_broker(source) for source in sources}
    async with connections.reader() as reader:
        known = await reader.topics()
        for topic in topics:
            if kafka_name(topic) not in known:
                raise Refused(f"the topic {kafka_name(topic)} does not exist")
        begins = await reader.beginning_offsets(list(on_broker.values()))
        ends = await reader.end_offsets(list(on_broker.values()))
    return Reach(
        {source: begins[each] for source, each in on_broker.items()},
        {source: ends[each] for source, each in on_broker.items()},
    )


async def require_stopped(connections: Connections, service: str) -> None:
    """Raises Refused while the service's consumer group has members."""
    admin = AIOKafkaAdminClient(**connections.kafka.connection())
    try:
        await admin.start()
        (described,) = await admin.describe_consumer_groups([kafka_name(service)])
    except KafkaError as error:
        raise UnreachableError(f"Kafka: {type(error).__name__}: {error}") from error
    finally:
        await admin.close()
    members = [member for group in described.groups for member in group[5]]
    if members:
        raise Refused(
            f"{service} is running: its consumer group has {len(members)} member(s). Stop every "
            "process of it; one that was killed is a member until its session times out (10 s)"
        )


def _on_broker(source: Source) -> TopicPartition:
    return TopicPartition(kafka_name(source.topic), source.partition)
