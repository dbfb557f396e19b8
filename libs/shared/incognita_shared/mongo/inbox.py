"""Event ids already handled, against duplicates made by producers that had to repeat.

One document per batch and partition, ``{_id, ids: [...], at}``, is a fraction of the writes of one
document per event. The ids are checked in the same transaction that records them; as a key's events
all come through one partition with one fenced owner, two owners can't both find an id missing.
"""

from collections.abc import Collection, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.clock import now

COLLECTION = "inbox"
KEPT_S = 30 * 24 * 3600  # longer than any topic keeps its records


class Inbox:
    """The inbox of one consumer service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = db[COLLECTION]

    async def create_indexes(self) -> None:
        """The look-up by id, and the end of the keeping time."""
        await self._collection.create_index([("ids", ASCENDING)], name="ids")
        await self._collection.create_index(
            [("at", ASCENDING)], name="kept", expireAfterSeconds=KEPT_S
        )

    async def seen(self, session: AsyncClientSession, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that were handled before."""
        wanted = set(ids)
        found: set[str] = set()
        cursor = self._collection.find({"ids": {"$in": list(wanted)}}, {"ids": 1}, session=session)
        async for document in cursor:
            found.update(wanted.intersection(document["ids"]))
        return found

    async def add(self, session: AsyncClientSession, batch: str, ids: Collection[str]) -> None:
        """Record ``ids`` as handled by the batch of this name (unique per partition and offset)."""
        if ids:
            await self._collection.insert_one(
                {"_id": batch, "ids": list(ids), "at": now()}, session=session
            )
