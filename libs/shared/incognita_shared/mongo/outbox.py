"""Events that a consumer has decided on, kept in that same transaction until Kafka has them.

``{_id: "<source topic>:<partition>:<offset>:<part>", source, subjects: [...], records: [...]}``:
one document per partition and batch. Its order is the order in which it must be published.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.events.codec import Record
from incognita_shared.mongo.checkpoint import Source

COLLECTION = "outbox"
CHUNK_BYTES = 1_000_000  # far below MongoDB's 16 MB a document, so that a commit stays short


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of one partition's batch, in order."""

    id: str
    source: Source
    records: tuple[Record, ...]


def chunks(
    source: Source, offset: int, records: Sequence[Record], *, part: str = ""
) -> Iterator[Chunk]:
    """Cut the records of the batch that begins at ``offset`` so that each chunk stays small.

    ``part`` tells chunks of the same offset apart, and sorts them.
    """
    taken: list[Record] = []
    size = number = 0
    for record in records:
        weight = len(record.value or b"") + 500
        if taken and size + weight > CHUNK_BYTES:
            yield Chunk(f"{source}:{offset:015d}:{part}{number:04d}", source, tuple(taken))
            taken, size, number = [], 0, number + 1
        taken.append(record)
        size += weight
    if taken:
        yield Chunk(f"{source}:{offset:015d}:{part}{number:04d}", source, tuple(taken))


class Outbox:
    """The consumer-side outbox of one service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = db[COLLECTION]

    async def create_indexes(self) -> None:
        """The order in which a partition is drained."""
        await self._collection.create_index(
            [("source", ASCENDING), ("_id", ASCENDING)], name="drain"
        )

    async def add(self, session: AsyncClientSession, new: Sequence[Chunk]) -> None:
        """Keep the chunks, inside the transaction."""
        if not new:
            return
        documents = [
            {
                "_id": chunk.id,
                "source": str(chunk.source),
                "subjects": sorted({record.subject for record in chunk.records}),
                "records": [record.document() for record in chunk.records],
            }
            for chunk in new
        ]
        await self._collection.insert_many(documents, session=session)

    async def left(self, source: Source) -> AsyncIterator[Chunk]:
        """What a former owner of the partition committed but may not have published, in order."""
        async for document in self._collection.find({"source": str(source)}).sort("_id", 1):
            records = tuple(Record.of_document(each) for each in document["records"])
            yield Chunk(document["_id"], source, records)

    async def remove(self, published: Sequence[Chunk]) -> None:
        """Kafka has acknowledged them."""
        await self._collection.delete_many({"_id": {"$in": [chunk.id for chunk in published]}})

    async def unpublished(self, subjects: Collection[str]) -> set[str]:
        """Those of ``subjects`` of which a chunk still holds an event."""
        wanted = set(subjects)
        waiting: set[str] = set()
        cursor = self._collection.find({"subjects": {"$in": list(wanted)}}, {"subjects": 1})
        async for document in cursor:
            waiting.update(wanted.intersection(document["subjects"]))
        return waiting
