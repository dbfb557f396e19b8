"""The collection ``visits``. Its documents also carry the events of their visit and payout."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_assignment.rules import HELD, TO_BE_OFFERED_ANEW, VISITED, VisitState
from incognita_assignment.visit import Visit
from incognita_assignment.visit_changes import Change
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, create_pending_index
from incognita_shared.mongo.tenant import ChainCollection

VISITS = "visits"
LEDGER_MAX_MS = 30_000
SWEEP_MAX_MS = 10_000


async def create_indexes(db: Database) -> None:
    """One index for each question that is asked often."""
    visits = db[VISITS]
    for name, fields in {
        "chain": ("chain_id", "_id"),
        "shopper": ("chain_id", "shopper_id", "_id"),
        "branch": ("chain_id", "branch_id", "_id"),
        "franchisee": ("chain_id", "franchisee_id", "_id"),
        "wave_state": ("chain_id", "wave_id", "state", "_id"),
        "state_shopper": ("chain_id", "state", "shopper_id", "_id"),
        "rotation": ("chain_id", "rotation_at"),
    }.items():
        await visits.create_index([(field, ASCENDING) for field in fields], name=name)
    await visits.create_index(
        [("deadline_at", ASCENDING)],
        name="deadline",
        partialFilterExpression={"deadline_at": {"$type": "date"}},
    )
    await create_pending_index(visits)


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits; None means any, an empty tuple none."""

    shopper_id: str | None = None
    wave_id: str | None = None
    branch_ids: tuple[str, ...] | None = None
    franchisee_id: str | None = None
    states: tuple[VisitState, ...] | None = None

    def query(self) -> dict[str, Any]:
        """The filter as MongoDB reads it."""
        query: dict[str, Any] = {}
        for name in ("shopper_id", "wave_id", "franchisee_id"):
            if (value := getattr(self, name)) is not None:
                query[name] = value
        if self.branch_ids is not None:
            query["branch_id"] = _any_of(self.branch_ids)
        if self.states is not None:
            query["state"] = _any_of([state.value for state in self.states])
        return query


def _any_of(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else {"$in": list(values)}


def _of_chain(db: Database, chain_id: str, *, max_time_ms: int = 5_000) -> ChainCollection:
    return ChainCollection(db[VISITS], chain_id, max_time_ms=max_time_ms)


async def find_visit(
    db: Database,
    chain_id: str,
    visit_id: str,
    which: VisitFilter | None = None,
    *,
    session: AsyncClientSession | None = None,
) -> Visit | None:
    """The visit, if it is the chain's and passes the filter."""
    query = {**(which or VisitFilter()).query(), "_id": visit_id}
    found = await _of_chain(db, chain_id).find_one(query, WITHOUT_PENDING, session=session)
    return Visit.of_document(found) if found else None


async def list_visits(
    db: Database, chain_id: str, which: VisitFilter, *, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """Documents by id, from the one after ``after`` on; one more than ``limit`` if there are."""
    query = which.query()
    if after is not None:
        query["_id"] = {"$gt": after}
    return await _of_chain(db, chain_id).find(
        query, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit + 1
    )


async def apply_change(
    db: Database, chain_id: str, change: Change, *, session: AsyncClientSession | None = None
) -> Visit | None:
    """The visit as the change left it, or None if it was no longer of that version."""
    changed = await _of_chain(db, chain_id).find_one_and_update(
        change.where, change.update, WITHOUT_PENDING, session=session
    )
    return Visit.of_document(changed) if changed else None


async def apply_changes(db: Database, changes: Sequence[Change]) -> int:
    """Apply those whose visit is still of the version they were made from; how many were."""
    if not changes:
        return 0
    writes = [UpdateOne(change.where, change.update) for change in changes]
    return (await db[VISITS].bulk_write(writes, ordered=False)).modified_count


async def count_by_state(db: Database, chain_id: str, wave_id: str) -> dict[str, int]:
    """State → visits of the wave, read from an index alone."""
    rows = await _of_chain(db, chain_id).aggregate(
        [
            {"$match": {"wave_id": wave_id}},
            {"$group": {"_id": "$state", "visits": {"$sum": 1}}},
        ]
    )
    return {row["_id"]: row["visits"] for row in rows}


async def list_overdue(db: Database, at: datetime, *, limit: int) -> list[Visit]:
    """Visits of any chain whose deadline has passed, the oldest first."""
    cursor = db[VISITS].find(
        {"deadline_at": {"$type": "date", "$lte": at}},
        WITHOUT_PENDING,
        sort=[("deadline_at", ASCENDING)],
        limit=limit,
        max_time_ms=SWEEP_MAX_MS,
    )
    return [Visit.of_document(document) async for document in cursor]


async def list_of_wave(
    db: Database, chain_id: str, wave_id: str, states: Sequence[VisitState], *, limit: int = 0
) -> list[Visit]:
    """The wave's visits in these states, by id."""
    query = VisitFilter(wave_id=wave_id, states=tuple(states)).query()
    documents = await _of_chain(db, chain_id, max_time_ms=LEDGER_MAX_MS).find(
        query, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit
    )
    return [Visit.of_document(document) for document in documents]


@dataclass(frozen=True, slots=True)
class Fallen:
    """A visit that fell through and was not offered anew."""

    visit_id: str
    version: int
    branch_id: str
    number: int


async def list_fallen(db: Database, chain_id: str, wave_id: str) -> list[Fallen]:
    """The wave's declined and expired visits that name no successor."""
    query = VisitFilter(wave_id=wave_id, states=TO_BE_OFFERED_ANEW).query()
    documents = await _of_chain(db, chain_id, max_time_ms=LEDGER_MAX_MS).find(
        {**query, "successor_id": None}, {"version": 1, "branch_id": 1, "number": 1}
    )
    return [
        Fallen(each["_id"], each["version"], each["branch_id"], each["number"])
        for each in documents
    ]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One visit of a wave, as far as planning looks at it."""

    branch_id: str
    number: int
    shopper_id: str
    state: VisitState


async def wave_ledger(db: Database, chain_id: str, wave_id: str) -> list[LedgerRow]:
    """Every visit that the wave has so far."""
    documents = await _of_chain(db, chain_id, max_time_ms=LEDGER_MAX_MS).find(
        {"wave_id": wave_id}, {"branch_id": 1, "number": 1, "shopper_id": 1, "state": 1}
    )
    return [
        LedgerRow(each["branch_id"], each["number"], each["shopper_id"], VisitState(each["state"]))
        for each in documents
    ]


async def last_visits(
    db: Database, chain_id: str, since: datetime
) -> dict[str, dict[str, datetime]]:
    """Branch → shopper → when last there (or due there), as far as that is after ``since``."""
    documents = await _of_chain(db, chain_id, max_time_ms=LEDGER_MAX_MS).find(
        {
            "rotation_at": {"$gt": since},
            "state": {"$in": [state.value for state in VISITED]},
        },
        {"branch_id": 1, "shopper_id": 1, "rotation_at": 1},
    )
    last: dict[str, dict[str, datetime]] = {}
    for each in documents:
        branch = last.setdefault(each["branch_id"], {})
        known = branch.get(each["shopper_id"], each["rotation_at"])
        branch[each["shopper_id"]] = max(known, each["rotation_at"])
    return last


async def held_by_shopper(db: Database, chain_id: str) -> dict[str, int]:
    """Shopper → visits that take up capacity now."""
    rows = await _of_chain(db, chain_id, max_time_ms=LEDGER_MAX_MS).aggregate(
        [
            {"$match": {"state": {"$in": [state.value for state in HELD]}}},
            {"$group": {"_id": "$shopper_id", "visits": {"$sum": 1}}},
        ]
    )
    return {row["_id"]: row["visits"] for row in rows}


async def insert_offered(
    db: Database,
    chain_id: str,
    documents: Sequence[dict[str, Any]],
    *,
    session: AsyncClientSession,
) -> None:
    """New visits, within the caller's transaction."""
    await _of_chain(db, chain_id).insert_many(documents, session=session)


async def name_successors(
    db: Database,
    chain_id: str,
    successors: Sequence[tuple[Fallen, str]],
    *,
    session: AsyncClientSession,
) -> int:
    """Let each visit name the one offered in its place; how many were still as they were read."""
    writes = [
        UpdateOne(
            {"_id": visit.visit_id, "version": visit.version, "successor_id": None},
            {"$set": {"successor_id": successor_id, "version": visit.version + 1}},
        )
        for visit, successor_id in successors
    ]
    result = await _of_chain(db, chain_id).bulk_write(writes, session=session)
    return result.modified_count
