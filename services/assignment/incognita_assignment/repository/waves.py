"""The collection ``waves``. One with a ``job`` waits for the planner; a lease says who is at it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from incognita_assignment.wave import Wave, WaveChange
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, create_pending_index
from incognita_shared.mongo.tenant import ChainCollection

WAVES = "waves"


async def create_indexes(db: Database) -> None:
    """The chain's waves by id, and the few that wait for the planner."""
    waves = db[WAVES]
    await waves.create_index([("chain_id", ASCENDING), ("_id", ASCENDING)], name="chain")
    await waves.create_index(
        [("chain_id", ASCENDING), ("programme_id", ASCENDING), ("_id", ASCENDING)], name="programme"
    )
    await waves.create_index(
        [("lease_until", ASCENDING)],
        name="job",
        partialFilterExpression={"job": {"$type": "string"}},
    )
    await create_pending_index(waves)


async def insert_wave(db: Database, chain_id: str, document: Mapping[str, Any]) -> bool:
    """False if a wave of that id is there already."""
    try:
        await ChainCollection(db[WAVES], chain_id).insert_one(document)
    except DuplicateKeyError:
        return False
    return True


async def find_wave(db: Database, chain_id: str, wave_id: str) -> Wave | None:
    """The wave, if it is the chain's."""
    found = await ChainCollection(db[WAVES], chain_id).find_one({"_id": wave_id}, WITHOUT_PENDING)
    return Wave.of_document(found) if found else None


async def list_waves(
    db: Database, chain_id: str, programme_id: str | None, *, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """Documents by id, from the one after ``after`` on; one more than ``limit`` if there are."""
    query: dict[str, Any] = {}
    if programme_id is not None:
        query["programme_id"] = programme_id
    if after is not None:
        query["_id"] = {"$gt": after}
    return await ChainCollection(db[WAVES], chain_id).find(
        query, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit + 1
    )


async def apply_change(db: Database, chain_id: str, change: WaveChange) -> Wave | None:
    """The wave as the change left it, or None if it was no longer of that version."""
    changed = await ChainCollection(db[WAVES], chain_id).find_one_and_update(
        change.where, change.update, WITHOUT_PENDING
    )
    return Wave.of_document(changed) if changed else None


async def claim_job(db: Database, owner: str, *, lease: timedelta) -> Wave | None:
    """Take one wave that waits for the planner and that nobody is at."""
    claimed = await db[WAVES].find_one_and_update(
        {"job": {"$type": "string"}, "lease_until": {"$lte": now()}},
        {"$set": {"lease_owner": owner, "lease_until": now() + lease}},
        WITHOUT_PENDING,
        sort=[("lease_until", ASCENDING)],
        return_document=ReturnDocument.AFTER,
        maxTimeMS=5_000,
    )
    return Wave.of_document(claimed) if claimed else None


async def keep_job(
    db: Database,
    wave: Wave,
    until: datetime,
    fields: Mapping[str, Any],
    *,
    session: AsyncClientSession | None = None,
) -> bool:
    """Renew the lease and write progress; False if the job is another's or another job by now."""
    result = await db[WAVES].update_one(
        _held(wave), {"$set": {**fields, "lease_until": until}}, session=session
    )
    return result.matched_count == 1


async def end_job(db: Database, wave: Wave, update: Mapping[str, Any]) -> bool:
    """Write the job's outcome and give the wave back; False if it is no longer this job's."""
    kept = {**update.get("$set", {}), "job": None, "lease_owner": None}
    result = await db[WAVES].update_one(_held(wave), {**update, "$set": kept})
    return result.matched_count == 1


async def release_jobs(db: Database, owner: str) -> None:
    """Let another process go on at once with what this one was at."""
    await db[WAVES].update_many(
        {"lease_owner": owner, "job": {"$type": "string"}},
        {"$set": {"lease_until": now(), "lease_owner": None}},
    )


def _held(wave: Wave) -> dict[str, Any]:
    job = wave.job.value if wave.job else None
    return {"_id": wave.wave_id, "job": job, "lease_owner": wave.lease_owner}
