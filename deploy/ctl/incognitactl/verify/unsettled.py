"""What is still on its way: a system at rest has none of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from incognita_shared.mongo.checkpoint import COLLECTION as CHECKPOINTS
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.outbox import COLLECTION as OUTBOX
from incognita_shared.mongo.parking import RECORDS, SUBJECTS
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from incognitactl.records import partitions_of

MOST = 100_000
"""Of each kind; more of them than this need no naming."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """``where`` and ``name`` tell it from any other; ``subjects``: the visits that it is about."""

    where: str
    name: str
    subjects: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.where}: {self.name}"


@dataclass(frozen=True)
class Positions:
    """How far each reader of each topic has come, and how far there is to go."""

    checkpoints: Mapping[str, Mapping[str, int]]
    ends: Mapping[Source, int]
    readers: Mapping[str, tuple[str, ...]]

    def floors(self) -> dict[Source, int]:
        """Partition → the first offset that one of its readers has not applied."""
        return {
            source: min(
                (self._position(service, source) for service in self.readers[source.topic]),
                default=end,
            )
            for source, end in self.ends.items()
        }

    def behind(self) -> list[Unsettled]:
        """Checkpoints that are not at the end of their partition."""
        return [
            Unsettled(
                f"{service} checkpoints, not at the end of the partition",
                f"{source} stands at {self._position(service, source)} of {end}",
            )
            for source, end in sorted(self.ends.items())
            for service in self.readers[source.topic]
            if self._position(service, source) != end
        ]

    def _position(self, service: str, source: Source) -> int:
        return self.checkpoints[service].get(str(source), 0)


async def positions(connections: Connections, reader: AIOKafkaConsumer) -> Positions:
    """Checkpoints first, ends second: what comes in between only makes a reader seem behind."""
    checkpoints = {
        service: {each["_id"]: each["next"] async for each in db[CHECKPOINTS].find({})}
        for service, db in connections.databases.items()
    }
    names = {kafka_name(topic.topic): topic.topic for topic in connections.topics}
    counts = {kafka_name(topic.topic): topic.partitions for topic in connections.topics}
    partitions = await partitions_of(reader, counts)
    ends = await reader.end_offsets(partitions) if partitions else {}
    return Positions(
        checkpoints,
        {Source(names[each.topic], each.partition): end for each, end in ends.items()},
        {topic.topic: topic.consumers for topic in connections.topics},
    )


async def unsettled(connections: Connections, reader: AIOKafkaConsumer) -> list[Unsettled]:
    """All that is unpublished, unread or set aside, in all services."""
    found = (await positions(connections, reader)).behind()
    for service, db in connections.databases.items():
        found += [each async for each in _unpublished(service, db)]
        found += [each async for each in _set_aside(service, db)]
    return found


async def settled(connections: Connections) -> list[str]:
    """What still moves, one line each; empty when everything has settled."""
    async with connections.reader() as reader:
        return [str(each) for each in await unsettled(connections, reader)]


async def _unpublished(service: str, db: Database) -> AsyncIterator[Unsettled]:
    async for chunk in db[OUTBOX].find({}, {"subjects": 1}).limit(MOST):
        yield Unsettled(
            f"{service} outbox, not published", chunk["_id"], frozenset(chunk["subjects"])
        )
    for name in await db.list_collection_names():
        indexes = await db[name].index_information()
        if "pending" not in indexes:
            continue
        # with the bucket in the filter, the few that have something to say come from the index
        waiting = {"has_pending": True, "relay_bucket": {"$gte": 0}}
        fields = {"pending.id": 1, "pending.subject": 1}
        async for each in db[name].find(waiting, fields).limit(MOST):
            subjects = frozenset(record["subject"] for record in each["pending"])
            first = each["pending"][0]["id"] if each["pending"] else "marked, but empty"
            yield Unsettled(f"{service} {name}, pending", f"{each['_id']} ({first})", subjects)


async def _set_aside(service: str, db: Database) -> AsyncIterator[Unsettled]:
    for name in (SUBJECTS, RECORDS):
        async for each in db[name].find({}, {"subject": 1, "reason": 1}).limit(MOST):
            yield Unsettled(f"{service} {name}, parked", each["_id"], frozenset({each["subject"]}))
