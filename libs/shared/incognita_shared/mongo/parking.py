"""Visits set aside because one of their records keeps failing, so that all others flow.

``parked_subjects``: ``{_id: "<source>:<subject>", source, subject, reason, since, unpark}``.
``parked_records``: the failed record and every later one of the subject, in order of offset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.clock import now
from incognita_shared.mongo.checkpoint import Source

SUBJECTS = "parked_subjects"
RECORDS = "parked_records"


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A Kafka record that waits for its subject to be unparked."""

    source: Source
    offset: int
    subject: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    reason: str | None = None
    """Why this record failed; None for those that only queue behind it."""

    @property
    def id(self) -> str:
        """Unique, and in order of offset within the source."""
        return f"{self.source}:{self.offset:015d}"


class Parking:
    """The parked subjects of one consumer service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._subjects = db[SUBJECTS]
        self._records = db[RECORDS]

    async def create_indexes(self) -> None:
        """By partition, for its owner; by subject, for the replay."""
        await self._subjects.create_index([("source", ASCENDING)], name="source")
        await self._records.create_index(
            [("source", ASCENDING), ("subject", ASCENDING), ("_id", ASCENDING)], name="replay"
        )

    async def subjects(self, source: Source) -> set[str]:
        """Who is parked on the partition."""
        cursor = self._subjects.find({"source": str(source)}, {"subject": 1})
        return {document["subject"] async for document in cursor}

    async def add(self, session: AsyncClientSession, records: Sequence[ParkedRecord]) -> None:
        """Park the records, inside the transaction that moves their checkpoint."""
        if not records:
            return
        failed = [record for record in records if record.reason is not None]
        if failed:
            await self._subjects.bulk_write([_park(record) for record in failed], session=session)
        await self._records.bulk_write(
            [InsertOne(_document(record)) for record in records], session=session
        )

    async def wanted_back(self, sources: Sequence[Source]) -> list[tuple[Source, str]]:
        """Which subjects an operator has asked to replay, on these partitions."""
        names = {str(source): source for source in sources}
        cursor = self._subjects.find({"unpark": True, "source": {"$in": list(names)}})
        return [(names[found["source"]], found["subject"]) async for found in cursor]

    async def records(
        self, session: AsyncClientSession, source: Source, subject: str
    ) -> list[ParkedRecord]:
        """What waits for the subject, in order."""
        cursor = self._records.find(
            {"source": str(source), "subject": subject}, session=session
        ).sort("_id", ASCENDING)
        return [_record(source, document) async for document in cursor]

    async def remove(self, session: AsyncClientSession, source: Source, subject: str) -> None:
        """The subject's records have been handled."""
        await self._records.delete_many(
            {"source": str(source), "subject": subject}, session=session
        )
        await self._subjects.delete_one({"_id": f"{source}:{subject}"}, session=session)

    async def keep(self, source: Source, subject: str, reason: str) -> None:
        """The replay failed: the subject stays parked, with the new reason."""
        await self._subjects.update_one(
            {"_id": f"{source}:{subject}"}, {"$set": {"unpark": False, "reason": reason}}
        )

    async def unpark(self, subject: str) -> int:
        """Ask the owner to replay the subject. Returns on how many partitions it was parked."""
        result = await self._subjects.update_many({"subject": subject}, {"$set": {"unpark": True}})
        return result.matched_count

    async def count(self) -> int:
        """How many subjects are parked."""
        return await self._subjects.count_documents({})


def _park(record: ParkedRecord) -> UpdateOne:
    return UpdateOne(
        {"_id": f"{record.source}:{record.subject}"},
        {
            "$setOnInsert": {
                "source": str(record.source),
                "subject": record.subject,
                "since": now(),
                "unpark": False,
            },
            "$set": {"reason": record.reason},
        },
        upsert=True,
    )


def _document(record: ParkedRecord) -> dict[str, Any]:
    return {
        "_id": record.id,
        "source": str(record.source),
        "offset": record.offset,
        "subject": record.subject,
        "key": record.key,
        "value": record.value,
        "headers": [list(header) for header in record.headers],
        "reason": record.reason,
    }


def _record(source: Source, document: Mapping[str, Any]) -> ParkedRecord:
    return ParkedRecord(
        source=source,
        offset=document["offset"],
        subject=document["subject"],
        key=document["key"],
        value=document["value"],
        headers=tuple((name, bytes(value)) for name, value in document["headers"]),
        reason=document["reason"],
    )
