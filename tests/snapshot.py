"""What the services have stored and said, taken once and put back elsewhere as often as wanted.

A scenario may damage what it puts back: the copy has a namespace of its own, and no service works
on it. Objects stay where they are; they are read from the bucket of the system.
"""

import copy
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from incognita_shared.kafka.topics import dead_letter_topic, ensure_topics
from incognita_shared.mongo.pending import create_pending_index
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from incognitactl.records import partitions_of, records_of

Document = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """One record on a topic (without namespace)."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def type(self) -> str:
        """Noun and verb of the event."""
        return self.header("ce_type").removeprefix("incognita.").rsplit(".", 1)[0]

    def header(self, name: str) -> str:
        """One header, as text."""
        return dict(self.headers)[name].decode()

    def under(self, event_id: str) -> "Said":
        """The same event with another id."""
        kept = tuple(each for each in self.headers if each[0] != "ce_id")
        return replace(self, headers=(*kept, ("ce_id", event_id.encode())))


@dataclass
class Snapshot:
    """``documents``: service → collection → documents. ``said``: all records, in order."""

    documents: dict[str, dict[str, list[Document]]]
    said: list[Said]

    @classmethod
    async def take(cls, connections: Connections) -> "Snapshot":
        """Everything in all databases and on all topics."""
        documents: dict[str, dict[str, list[Document]]] = defaultdict(dict)
        for service, db in connections.databases.items():
            for name in await db.list_collection_names():
                documents[service][name] = await db[name].find({}).to_list()
        said = []
        async with connections.reader() as reader:
            for topic, count in _topics(connections).items():
                partitions = await partitions_of(reader, {kafka_name(topic): count})
                async for record in records_of(reader, partitions):
                    headers = tuple((key, bytes(value)) for key, value in record.headers)
                    said.append(Said(topic, record.partition, record.key, record.value, headers))
        return cls(dict(documents), said)

    def copied(self) -> "Snapshot":
        """One that may be damaged."""
        return Snapshot(copy.deepcopy(self.documents), list(self.said))

    def find(self, service: str, collection: str, **wanted: object) -> Document:
        """The first document with these values."""
        return next(
            each for each in self.documents[service][collection]
            if all(each.get(name) == value for name, value in wanted.items())
        )  # fmt: skip

    def remove(self, service: str, collection: str, key: str) -> None:
        """Lose one document."""
        kept = self.documents[service][collection]
        kept.remove(self.find(service, collection, _id=key))

    def about(self, subject: str, topic: str) -> list[int]:
        """Where in ``said`` the topic's events about a visit are, in order."""
        return [
            number for number, each in enumerate(self.said)
            if each.topic == topic and dict(each.headers).get("ce_subject") == subject.encode()
        ]  # fmt: skip

    @asynccontextmanager
    async def put(
        self, connections: Connections, objects: ObjectStore | None
    ) -> AsyncIterator[Connections]:
        """In the namespace of these connections, at rest; gone at the end."""
        await ensure_topics(connections.kafka)
        admin = AIOKafkaAdminClient(**connections.kafka.connection())
        await admin.start()
        try:
            ends = await self._say(connections)
            await self._store(connections, ends)
            yield replace(connections, objects=objects)
        finally:
            for db in connections.databases.values():
                await db.client.drop_database(db.name)
            await admin.delete_topics([kafka_name(name) for name in _topics(connections)])
            await admin.close()

    async def replace(self, other: "Snapshot", connections: Connections) -> None:
        """Where ``other`` lies now, put these documents in the place of its own."""
        for service, collections in self.documents.items():
            for name, documents in collections.items():
                if documents == other.documents[service].get(name):
                    continue
                place = connections.databases[service][name]
                await place.delete_many({})
                if documents:
                    await place.insert_many(documents)
        for service, collections in other.documents.items():
            for name in collections.keys() - self.documents[service].keys():
                await connections.databases[service][name].delete_many({})

    async def _say(self, connections: Connections) -> dict[str, int]:
        ends: dict[str, int] = defaultdict(int)
        async with AIOKafkaProducer(
            **connections.kafka.connection(), enable_idempotence=True, linger_ms=5
        ) as producer:
            sent = []
            for each in self.said:
                ends[f"{each.topic}:{each.partition}"] += 1
                sent.append(
                    await producer.send(
                        kafka_name(each.topic), each.value, key=each.key,
                        partition=each.partition, headers=list(each.headers),
                    )
                )  # fmt: skip
            for one in sent:
                await one
        return ends

    async def _store(self, connections: Connections, ends: dict[str, int]) -> None:
        for service, collections in self.documents.items():
            for name, kept in collections.items():
                documents = kept
                if name == "checkpoints":
                    documents = [{**each, "next": ends[each["_id"]]} for each in kept]
                if any("has_pending" in each for each in documents):
                    await create_pending_index(connections.databases[service][name])
                if documents:
                    await connections.databases[service][name].insert_many(documents)


def _topics(connections: Connections) -> dict[str, int]:
    """Every topic, those of dead letters too, with its number of partitions."""
    counts = {topic.topic: topic.partitions for topic in connections.topics}
    letters = {
        dead_letter_topic(topic.topic, consumer): 1
        for topic in connections.topics
        for consumer in topic.consumers
    }
    return counts | letters
