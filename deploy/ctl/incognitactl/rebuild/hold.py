"""The hold on a service's checkpoints while it is rebuilt, and the account of the rebuild.

``rebuilds`` in the service's database: ``{_id: "now", service, projections, by, since, state:
reading|swapping, until: {source: offset}, epochs: {source: epoch}, ends: {source: offset}}``; one
that is over is kept under another id with its ``outcome``.

A checkpoint is held by a text in the place of its epoch: no former owner's epoch equals it, and no
new owner can add one to it, so a service that is started meanwhile says that it is not ready and
waits. It changes nothing until the rebuild is over or abandoned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReadPreference, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.mongo.checkpoint import COLLECTION as CHECKPOINTS
from incognita_shared.mongo.checkpoint import Checkpoints, Source
from incognita_shared.mongo.client import Database, Document, ensure_collections
from incognitactl.rebuild.errors import Stopped

COLLECTION = "rebuilds"
NOW = {"_id": "now"}
READING, SWAPPING = "reading", "swapping"


@dataclass(frozen=True)
class Rebuild:
    """A rebuild that is under way, as the database has it."""

    projections: tuple[str, ...]
    by: str
    since: datetime
    state: str
    until: Mapping[Source, int]
    """How far each partition is read: to where the service had read it."""
    ends: Mapping[Source, int]
    """Where the topics ended as the rebuild began."""


async def find(db: Database) -> Rebuild | None:
    """The rebuild under way, if there is one."""
    found = await db[COLLECTION].find_one(NOW)
    if found is None:
        return None
    return Rebuild(
        tuple(found["projections"]), found["by"], found["since"], found["state"],
        _by_source(found["until"]), _by_source(found["ends"]),
    )  # fmt: skip


async def begin(
    db: Database,
    projections: Sequence[str],
    *,
    by: str,
    until: Mapping[Source, int],
    ends: Mapping[Source, int],
    consumed: Sequence[Source],
) -> None:
    """Hold the checkpoints of all partitions that the service reads, and write the rebuild down.

    Raises Stopped if another rebuild was written down meanwhile.
    """
    await ensure_collections(db, (COLLECTION, CHECKPOINTS))
    async with db.client.start_session() as session:
        await Checkpoints(db, owner="rebuild").end_former_sessions(consumed)
        try:
            await session.with_transaction(
                lambda inside: _begin(db, inside, projections, by, until, ends, consumed), **_SAFE
            )
        except DuplicateKeyError:
            raise Stopped("someone else began a rebuild at the same moment") from None


async def _begin(
    db: Database,
    session: AsyncClientSession,
    projections: Sequence[str],
    by: str,
    until: Mapping[Source, int],
    ends: Mapping[Source, int],
    consumed: Sequence[Source],
) -> None:
    names = [str(source) for source in consumed]
    before = {
        each["_id"]: each["epoch"]
        async for each in db[CHECKPOINTS].find({"_id": {"$in": names}}, session=session)
    }
    held = "held by incognitactl rebuild"
    await db[CHECKPOINTS].bulk_write(
        [
            UpdateOne(
                {"_id": name}, {"$set": {"epoch": held}, "$setOnInsert": {"next": 0}}, upsert=True
            )
            for name in names
        ],
        session=session,
    )
    account = {
        "projections": list(projections), "by": by, "since": now(), "state": READING,
        "epochs": [[name, before.get(name, 0)] for name in names],
        "until": [[str(source), offset] for source, offset in until.items()],
        "ends": [[str(source), offset] for source, offset in ends.items()],
    }  # fmt: skip
    await db[COLLECTION].insert_one(NOW | account, session=session)


async def begin_swap(db: Database) -> None:
    """From here on there is no way back. Raises Stopped if the rebuild is not there any more."""
    result = await db[COLLECTION].update_one(NOW, {"$set": {"state": SWAPPING}})
    if not result.matched_count:
        raise Stopped("the rebuild was ended by someone else")


async def release(db: Database, *, outcome: str) -> None:
    """Let the service go on where it had read to; the account is kept."""
    async with db.client.start_session() as session:
        await session.with_transaction(lambda inside: _release(db, inside, outcome), **_SAFE)


async def _release(db: Database, session: AsyncClientSession, outcome: str) -> None:
    found: Document | None = await db[COLLECTION].find_one_and_delete(NOW, session=session)
    if found is None:
        return
    await db[CHECKPOINTS].bulk_write(
        [
            UpdateOne({"_id": name}, {"$set": {"epoch": epoch + 1}})
            for name, epoch in found["epochs"]
        ],
        session=session,
    )
    ended = {"_id": new_id(), "outcome": outcome, "ended": now()}
    await db[COLLECTION].insert_one({**found, **ended}, session=session)


def _by_source(pairs: Sequence[Sequence[Any]]) -> dict[Source, int]:
    found = {}
    for name, offset in pairs:
        topic, _, partition = name.rpartition(":")
        found[Source(topic, int(partition))] = int(offset)
    return found


_SAFE: dict[str, Any] = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority", j=True),
    "read_preference": ReadPreference.PRIMARY,
}
