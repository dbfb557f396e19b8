"""The truth about offsets: one document per (topic, partition), advanced with the effects.

``{_id: "<topic>:<partition>", next, epoch, owner, lsid}``. ``next`` is the offset to read next;
``epoch`` grows with each claim, so that a former owner, which may still run, finds no document that
matches its own and changes nothing. ``lsid`` names the owner's MongoDB session: its successor ends
that session first, for the open transaction of a killed owner would block the claim until the
server gives it up (``transactionLifetimeLimitSeconds``, a minute and more; see docs/adr/0003).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from bson.binary import Binary
from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

COLLECTION = "checkpoints"


class FencedError(Exception):
    """Another owner has claimed one of the partitions; nothing of this batch was applied."""


class Source(NamedTuple):
    """One partition of one topic (without namespace)."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner holds: its epoch and the offset from which it reads."""

    epoch: int
    next: int


@dataclass(frozen=True, slots=True)
class Advance:
    """A step of one partition's checkpoint, valid only from exactly this claim."""

    source: Source
    claim: Claim
    next: int


class Checkpoints:
    """The checkpoints of one consumer service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], *, owner: str) -> None:
        self._db = db
        self._collection = db[COLLECTION]
        self._owner = owner

    async def end_former_sessions(self, sources: Sequence[Source]) -> None:
        """Abort what the last owners of ``sources`` may have left open.

        Our own session is one of them where an abort did not reach the server; nothing of ours is
        under way here, and a session can be used on.
        """
        names = [str(source) for source in sources]
        cursor = self._collection.find(
            {"_id": {"$in": names}, "lsid": {"$exists": True}}, {"lsid": 1}
        )
        last = {document["lsid"] async for document in cursor}
        sessions = [{"id": Binary.from_uuid(lsid)} for lsid in last]
        if sessions:
            await self._db.client.admin.command({"killSessions": sessions})

    async def claim(self, source: Source, lsid: UUID) -> Claim:
        """Take the partition: from here on every former owner is fenced."""
        document = await self._collection.find_one_and_update(
            {"_id": str(source)},
            {
                "$inc": {"epoch": 1},
                "$set": {"owner": self._owner, "lsid": lsid},
                "$setOnInsert": {"next": 0},
            },
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            raise RuntimeError("an upsert returned no document")
        return Claim(epoch=document["epoch"], next=document["next"])

    async def advance(self, session: AsyncClientSession | None, steps: Sequence[Advance]) -> None:
        """Move the checkpoints inside the transaction. Raises FencedError, which aborts it.

        Without a session those of other partitions than the lost one move all the same.
        """
        result = await self._collection.bulk_write(
            [
                UpdateOne(
                    {
                        "_id": str(step.source),
                        "epoch": step.claim.epoch,
                        "next": step.claim.next,
                    },
                    {"$set": {"next": step.next}},
                )
                for step in steps
            ],
            ordered=False,
            session=session,
        )
        if result.matched_count != len(steps):
            raise FencedError(", ".join(str(step.source) for step in steps))

    async def positions(self) -> Mapping[str, int]:
        """``"<topic>:<partition>"`` → next offset, of all partitions ever claimed."""
        return {document["_id"]: document["next"] async for document in self._collection.find({})}
