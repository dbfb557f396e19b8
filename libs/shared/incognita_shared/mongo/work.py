"""What a handler of events gets: one transaction, shared by the events of a batch.

Documents that the batch's handlers are known to read are loaded in one query each collection;
writes are gathered and sent together, in their order, when the batch ends or just before a read
that they could change. So a handler sees what earlier events of the batch have done, and a batch
of 500 events costs a few round trips, not a thousand.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.clock import now
from incognita_shared.events.codec import Record, encode
from incognita_shared.events.envelope import Event
from incognita_shared.ids import derived_id
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.gathered import Document, Gathered, Write, new_gathered
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.telemetry import trace_headers

READ_MAX_MS = 5_000


class Cause(NamedTuple):
    """The record that is being handled: where it came from and its event id."""

    source: Source
    event_id: str


@dataclass
class Work:
    """Reads and writes of one transaction, and the events it gives rise to."""

    service: str
    db: AsyncDatabase[Document]
    session: AsyncClientSession
    at: datetime = field(default_factory=now)
    """When the batch was begun; all its events are of this time."""
    _cause: Cause | None = None
    _said: int = 0
    _loaded: dict[str, dict[str, Document | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """What was read ahead and no write of the batch has changed since; each is handed out once."""
    _writes: defaultdict[str, Gathered] = field(default_factory=new_gathered)
    _silent: set[tuple[str, str]] = field(default_factory=set)
    """Documents read ahead, with no event of their own that still waits for the relay."""
    _records: dict[Source, list[Record]] = field(default_factory=lambda: defaultdict(list))

    async def load(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Read ahead: collection → ids, one query each, without what only the relay needs."""
        for collection, ids in wanted.items():
            cursor = self.db[collection].find(
                {"_id": {"$in": list(ids)}},
                _AHEAD,
                session=self.session,
                max_time_ms=READ_MAX_MS,
            )
            found = {document["_id"]: document async for document in cursor}
            self._loaded[collection].update((each, found.get(each)) for each in ids)
            self._silent.update(
                (collection, name)
                for name, document in found.items()
                if document.pop("has_pending", None) is False
            )

    def caused_by(self, cause: Cause) -> None:
        """From here on, events are the consequence of this record."""
        self._cause, self._said = cause, 0

    def insert(self, collection: str, document: Mapping[str, Any]) -> None:
        """Insert a new document. A duplicate key fails the whole batch: read first."""
        self._write(collection, document, InsertOne(dict(document)))

    def update(
        self,
        collection: str,
        where: Mapping[str, Any],
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        upsert: bool = False,
    ) -> None:
        """Update one document, or none if nothing matches and ``upsert`` is not set."""
        self._write(collection, where, UpdateOne(where, update, upsert=upsert))

    def replace(
        self,
        collection: str,
        where: Mapping[str, Any],
        document: Mapping[str, Any],
        *,
        upsert: bool = True,
    ) -> None:
        """Put ``document`` in the place of the one that matches."""
        self._write(collection, where, ReplaceOne(where, dict(document), upsert=upsert))

    def put(
        self,
        collection: str,
        where: Mapping[str, Any],
        document: Mapping[str, Any],
        *,
        is_new: bool = False,
    ) -> None:
        """As ``replace``, by an id; a document that is put again in this batch is written once.

        ``is_new``: it was read and is not there. To insert costs MongoDB half of an upsert.
        """
        self._changes(collection, str(where["_id"]))
        self._writes[collection].put(where, dict(document), is_new=is_new)

    def update_saying(
        self,
        collection: str,
        where: Mapping[str, Any],
        update: Mapping[str, Any],
        events: Sequence[Event],
    ) -> None:
        """Update a document that was read ahead, and say the events behind all it has said.

        Where nothing waits in the document for the relay they go out with the batch, which spares
        the relay's write; otherwise they queue up behind that. Only for events of a document that
        handlers of one topic say, for those of two topics may be handled by two processes.
        """
        silent = (collection, str(where["_id"]))
        is_silent = silent in self._silent
        self.update(collection, where, update if is_silent else append_events(update, *events))
        if is_silent:
            self._silent.add(silent)
            for event in events:
                self.publish(event)

    def keep_newest(self, collection: str, name: str, state: Mapping[str, Any]) -> None:
        """Keep the state of an entity unless its ``version`` or a later one is here already.

        One conditional write, with no read before it: the condition is part of the update, so that
        it can't meet a duplicate key, which would end the transaction of the whole batch.
        """
        newer = {"$lt": [{"$ifNull": ["$version", -1]}, state["version"]]}
        document = {"$mergeObjects": [{"_id": name}, {"$literal": dict(state)}]}
        update = [{"$replaceWith": {"$cond": [newer, document, "$$ROOT"]}}]
        self.update(collection, {"_id": name}, update, upsert=True)

    def delete(self, collection: str, where: Mapping[str, Any]) -> None:
        """Delete one document, if it is there."""
        self._write(collection, where, DeleteOne(where))

    async def find_one(
        self,
        collection: str,
        where: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
    ) -> Document | None:
        """One document, with this batch's own writes applied."""
        name = _id_of(where)
        if name is not None and projection in _AS_LOADED and name in self._loaded[collection]:
            document = self._loaded[collection].pop(name)
            return document if document and _has(document, where) else None
        if self._writes[collection].touches(name):
            await self._flush(collection)
        return await self.db[collection].find_one(
            where, projection, session=self.session, max_time_ms=READ_MAX_MS
        )

    async def find(
        self,
        collection: str,
        where: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
    ) -> list[Document]:
        """All matching documents, with this batch's own writes applied."""
        await self._flush(collection)
        cursor = self.db[collection].find(
            where, projection, session=self.session, max_time_ms=READ_MAX_MS
        )
        return await cursor.to_list()

    def publish(self, event: Event) -> None:
        """Say the event once this transaction has committed, after all that were said before.

        Its id follows from the record that caused it, so that handling that record again says the
        same event again, which readers recognise.
        """
        if self._cause is None:
            raise RuntimeError("publish() outside of a handler")
        self._said += 1
        record = encode(
            event,
            event_id=derived_id(self._cause.event_id, self.service, str(self._said)),
            source=self.service,
            trace=trace_headers(),
            time=self.at,
        )
        self._records[self._cause.source].append(record)

    def send(self, record: Record) -> None:
        """Send a record as it is, in the same order as the events: for dead letters."""
        if self._cause is None:
            raise RuntimeError("send() outside of a handler")
        self._records[self._cause.source].append(record)

    def records(self) -> Mapping[Source, Sequence[Record]]:
        """What must be published, by the partition that caused it."""
        return self._records

    async def flush(self) -> None:
        """Send all gathered writes."""
        for collection in list(self._writes):
            await self._flush(collection)

    def _write(self, collection: str, where: Mapping[str, Any], write: Write) -> None:
        name = _id_of(where)
        self._changes(collection, name)
        self._writes[collection].add(name, write)

    def _changes(self, collection: str, name: str | None) -> None:
        """What was read ahead of the document, or of all, holds no longer."""
        if name is None:
            self._loaded.pop(collection, None)
            self._silent = {each for each in self._silent if each[0] != collection}
        else:
            self._loaded[collection].pop(name, None)
            self._silent.discard((collection, name))

    async def _flush(self, collection: str) -> None:
        await self._writes.pop(collection, Gathered()).send(self.db[collection], self.session)


_AHEAD = {"pending": 0, "relay_bucket": 0}
_AS_LOADED = (None, WITHOUT_PENDING)


def _id_of(where: Mapping[str, Any]) -> str | None:
    """The one document that the filter can match, if it names it by a plain id."""
    name = where.get("_id")
    return name if isinstance(name, str) else None


def _has(document: Document, where: Mapping[str, Any]) -> bool:
    """Whether the document matches a filter of plain values."""
    return all(document.get(name) == value for name, value in where.items())
