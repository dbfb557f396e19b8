"""The writes of a batch, gathered until they are sent together.

Sent in their order where two of a collection may be about one document, else in any: then writes of
a kind share a round trip.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

Document: TypeAlias = dict[str, Any]
Write: TypeAlias = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne


@dataclass(slots=True)
class Gathered:
    """What is to be written to one collection."""

    _writes: list[Write] = field(default_factory=list)
    _touched: set[str | None] = field(default_factory=set)
    """Which documents the writes are about; None for a write that may be about any."""
    _is_ordered: bool = False
    _puts: dict[str, int] = field(default_factory=dict)
    """Which of the writes puts a document that no later one is about."""

    def __len__(self) -> int:
        return len(self._writes)

    def touches(self, name: str | None) -> bool:
        """Whether a read of this document, or of any, could miss a write."""
        return bool(self) and (name is None or not self._touched.isdisjoint({name, None}))

    def add(self, name: str | None, write: Write) -> None:
        """A write about the document of that id, or about any."""
        touched = self._touched
        if touched and (name is None or name in touched or None in touched):
            self._is_ordered = True
        if name is None:
            self._puts.clear()
        else:
            self._puts.pop(name, None)
        touched.add(name)
        self._writes.append(write)

    def put(self, where: Mapping[str, Any], document: Document, *, is_new: bool) -> None:
        """The whole document, in the place of what was put before."""
        name = str(where["_id"])
        at = self._puts.get(name)
        if is_new or (at is not None and isinstance(self._writes[at], InsertOne)):
            write: Write = InsertOne(document)
        else:
            write = ReplaceOne(where, document, upsert=True)
        if at is not None:
            self._writes[at] = write
        else:
            self.add(name, write)
            self._puts[name] = len(self._writes) - 1

    async def send(
        self, collection: AsyncCollection[Document], session: AsyncClientSession
    ) -> None:
        """Send all of it."""
        if self._writes:
            await collection.bulk_write(self._writes, ordered=self._is_ordered, session=session)


def new_gathered() -> defaultdict[str, Gathered]:
    """Nothing yet, by collection."""
    return defaultdict(Gathered)
