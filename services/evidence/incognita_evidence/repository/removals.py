"""Which reports have something to remove, and who is at it. Over all chains, for no request."""

from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from incognita_evidence.repository import QUERY_MAX_MS, REPORTS, SWEEPS
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database


class Removals:
    """The reports with files to be removed."""

    def __init__(self, db: Database) -> None:
        self._reports = db[REPORTS]

    async def list_due(self, at: datetime, *, limit: int) -> list[tuple[str, str]]:
        """(chain id, visit id), the longest due first."""
        cursor = self._reports.find(
            # the partial index holds dates alone, which the planner wants to be told
            {"next_removal_at": {"$type": "date", "$lte": at}},
            {"chain_id": 1},
            sort=[("next_removal_at", ASCENDING)],
            limit=limit,
            max_time_ms=QUERY_MAX_MS,
        )
        return [(each["chain_id"], each["_id"]) async for each in cursor]

    async def put_off(self, visit_id: str, until: datetime) -> None:
        """Look at the report again then, and not before."""
        await self._reports.update_one(
            {"_id": visit_id, "next_removal_at": {"$lt": until}},
            {"$set": {"next_removal_at": until}, "$inc": {"version": 1}},
        )


class Sweep:
    """A task of which one process at a time is in charge, and how far it has come.

    Two that both believe to be in charge do no harm: each step holds for what was read.
    """

    def __init__(self, db: Database, name: str, *, owner: str, lease: timedelta) -> None:
        self._collection = db[SWEEPS]
        self._name, self._owner, self._lease = name, owner, lease

    async def claim(self) -> dict[str, Any] | None:
        """Be in charge, or stay it; how far it has come. None if another process is."""
        at = now()
        free = {"$or": [{"owner": self._owner}, {"until": {"$lte": at}}]}
        update = {"$set": {"owner": self._owner, "until": at + self._lease}}
        try:
            before = await self._collection.find_one_and_update(
                {"_id": self._name, **free}, update, upsert=True
            )
        except DuplicateKeyError:
            return None
        return before or {}

    async def note(self, **progress: Any) -> None:
        """How far it has come."""
        await self._collection.update_one(
            {"_id": self._name, "owner": self._owner}, {"$set": progress}
        )

    async def release(self) -> None:
        """Let another process take over at once."""
        await self._collection.update_one(
            {"_id": self._name, "owner": self._owner}, {"$set": {"until": now(), "owner": None}}
        )
