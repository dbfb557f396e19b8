"""Replay and discard: each one transaction, safe to repeat, whoever dies in the middle.

A replayed record goes to the service that refused it and to no other, under the offset at which it
came. If its visit is parked there, it takes its place among the visit's records and waits with
them; otherwise it is handled alone, within two seconds, whatever has been handled meanwhile: the
handlers' guards (``seq``, ``version``) decide whether it still changes anything.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_shared.clock import now
from incognita_shared.mongo.client import Database, Document, ensure_collections
from incognita_shared.mongo.parking import RECORDS, SUBJECTS
from incognitactl.dead_letters.letters import DeadLetter, Origin
from incognitactl.dead_letters.resolutions import (
    COLLECTION,
    own_subject,
    parked_id,
    resolution_id,
)
from incognitactl.services import read_again


class NotDone(Exception):
    """The dead letter stays as it is; the text says why."""


async def replay(db: Database, letter: DeadLetter, *, by: str, again: bool = False) -> None:
    """Hand the record back to the service that refused it.

    A record that was replayed already is left alone unless ``again`` is set. Raises NotDone for one
    that was discarded, and for one that the service's code as it is here still can't read.
    """
    incoming = read_again(letter)
    if incoming.fault is not None:
        raise NotDone(f"still can't be read: {incoming.fault}")
    if incoming.received is None:
        raise NotDone(f"{letter.origin.consumer} does not handle {letter.header('ce_type')}")
    await _transact(
        db, lambda session: _replay(db, session, letter, incoming.subject, by=by, again=again)
    )


async def discard(db: Database, origin: Origin, *, by: str, reason: str) -> None:
    """Give the record up. Raises NotDone for one that has been replayed."""
    await _transact(db, lambda session: _discard(db, session, origin, by=by, reason=reason))


async def _replay(
    db: Database,
    session: AsyncClientSession,
    letter: DeadLetter,
    visit: str,
    *,
    by: str,
    again: bool,
) -> None:
    origin = letter.origin
    before = await db[COLLECTION].find_one({"_id": resolution_id(origin)}, session=session)
    if before is not None and before["verb"] == "discard" and not again:
        raise NotDone(f"was discarded by {before['by']}: {before['reason']}")
    parked = await db[RECORDS].find_one({"_id": parked_id(origin)}, session=session)
    if parked is None and before is not None and before["verb"] == "replay" and not again:
        return
    subject = own_subject(origin)
    if parked is not None:
        subject = parked["subject"]
    else:
        where = {"_id": f"{origin.source}:{visit}"}
        # written to, so that the owner, who may be replaying the visit just now, or we, start over
        joined = await db[SUBJECTS].update_one(where, {"$inc": {"joined": 1}}, session=session)
        if joined.matched_count:
            subject = visit
        await db[RECORDS].insert_one(_parked(letter, subject), session=session)
    if subject == own_subject(origin):
        await _want_back(db, session, origin)
    await _write_down(db, session, origin, {"verb": "replay", "by": by, "reason": None})


async def _want_back(db: Database, session: AsyncClientSession, origin: Origin) -> None:
    subject = own_subject(origin)
    new = {"source": str(origin.source), "subject": subject, "since": now()}
    await db[SUBJECTS].update_one(
        {"_id": f"{origin.source}:{subject}"},
        {"$setOnInsert": new, "$set": {"unpark": True, "reason": "a dead letter is replayed"}},
        upsert=True,
        session=session,
    )


async def _discard(
    db: Database, session: AsyncClientSession, origin: Origin, *, by: str, reason: str
) -> None:
    before = await db[COLLECTION].find_one({"_id": resolution_id(origin)}, session=session)
    parked = await db[RECORDS].find_one_and_delete({"_id": parked_id(origin)}, session=session)
    if before is not None and before["verb"] == "replay":
        if parked is None:
            raise NotDone(f"was replayed by {before['by']}")
        if parked["subject"] == own_subject(origin):
            name = f"{origin.source}:{parked['subject']}"
            await db[SUBJECTS].delete_one({"_id": name}, session=session)
    await _write_down(db, session, origin, {"verb": "discard", "by": by, "reason": reason})


async def _write_down(
    db: Database, session: AsyncClientSession, origin: Origin, said: Document
) -> None:
    """Put the new resolution in the place of the last one, which is kept in ``earlier``."""
    fields = ("verb", "by", "at", "reason")
    kept = {name: f"${name}" for name in fields}
    earlier = {"$ifNull": ["$earlier", []]}
    was = {"$cond": [{"$gt": ["$verb", None]}, {"$concatArrays": [earlier, [kept]]}, earlier]}
    new = {**said, "at": now(), "parked": parked_id(origin), "subject": own_subject(origin)}
    await db[COLLECTION].update_one(
        {"_id": resolution_id(origin)},
        [{"$set": {"earlier": was}}, {"$set": {name: {"$literal": new[name]} for name in new}}],
        upsert=True,
        session=session,
    )


def _parked(letter: DeadLetter, subject: str) -> Document:
    return {
        "_id": parked_id(letter.origin),
        "source": str(letter.origin.source),
        "offset": letter.origin.offset,
        "subject": subject,
        "key": letter.key,
        "value": letter.value,
        "headers": [list(header) for header in letter.headers],
        "reason": letter.reason,
    }


async def _transact(db: Database, body: Callable[[AsyncClientSession], Awaitable[Any]]) -> None:
    await ensure_collections(db, (COLLECTION, RECORDS, SUBJECTS))
    async with db.client.start_session() as session:
        await session.with_transaction(
            body,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority", j=True),
            read_preference=ReadPreference.PRIMARY,
        )
