"""What requests read, each query bound to the caller's chain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import DESCENDING

from incognita_comparison.repository import SUMS
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave as the catalog has it. ``questionnaire`` is the key of a version."""

    id: str
    programme_id: str
    name: str
    channel: str
    scenario: str
    questionnaire: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a branch belongs."""

    id: str
    store_id: str
    name: str
    city: str
    region: str
    country: str
    ownership: str
    franchisee_id: str | None


@dataclass(frozen=True, slots=True)
class BranchSums:
    """Exact sums of the scores that count for a branch in a wave, in ten-thousandths."""

    branch_id: str
    count: int
    total: int
    squares: int


ONLY_SUMS = {"_id": 0, **dict.fromkeys(SUMS, 1)}


async def find_wave(db: Database, chain_id: str, wave_id: str) -> Wave | None:
    """The chain's wave, or None."""
    found = await ChainCollection(db["waves"], chain_id).find_one({"_id": wave_id})
    return _wave(found) if found else None


async def list_waves(
    db: Database, chain_id: str, *, programme_id: str | None = None, limit: int
) -> list[Wave]:
    """The waves that started last, newest first; of one programme, if given."""
    where = {} if programme_id is None else {"programme_id": programme_id}
    found = await ChainCollection(db["waves"], chain_id).find(
        where, sort=[("starts_at", DESCENDING), ("_id", DESCENDING)], limit=limit
    )
    return [_wave(one) for one in found]


async def list_earlier_waves(db: Database, chain_id: str, wave: Wave, limit: int) -> list[Wave]:
    """Waves of the same kind of visit before this one, newest first."""
    where = {
        "programme_id": wave.programme_id,
        "channel": wave.channel,
        "scenario": wave.scenario,
        "starts_at": {"$lt": wave.starts_at},
    }
    found = await ChainCollection(db["waves"], chain_id).find(
        where, sort=[("starts_at", DESCENDING)], limit=limit
    )
    return [_wave(one) for one in found]


async def list_sums_of_branch(
    db: Database, chain_id: str, branch_id: str, *, limit: int
) -> list[tuple[Wave, BranchSums]]:
    """The branch's sums in the newest waves in which a score of it counts, newest first."""
    found = await ChainCollection(db["branch_waves"], chain_id).find(
        {"branch_id": branch_id, "n": {"$gt": 0}}, {**ONLY_SUMS, "wave_id": 1}
    )
    sums = {one["wave_id"]: _sums(one) for one in found}
    waves = await ChainCollection(db["waves"], chain_id).find(
        {"_id": {"$in": list(sums)}},
        sort=[("starts_at", DESCENDING), ("_id", DESCENDING)],
        limit=limit,
    )
    return [(_wave(one), sums[one["_id"]]) for one in waves]


async def count_changes(
    db: Database, chain_id: str, wave_ids: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """Wave → (branches, changes of their sums): differs whenever a standing may differ."""
    found = await ChainCollection(db["branch_waves"], chain_id).aggregate([
        {"$match": {"wave_id": {"$in": list(wave_ids)}}},
        {"$group": {"_id": "$wave_id", "n": {"$sum": 1}, "changes": {"$sum": "$changes"}}},
    ])  # fmt: skip
    return {one["_id"]: (one["n"], one["changes"]) for one in found}


async def count_branch_changes(db: Database, chain_id: str) -> tuple[int, int]:
    """(branches, sum of their versions): differs whenever a branch may belong elsewhere."""
    found = await ChainCollection(db["branches"], chain_id).aggregate(
        [{"$group": {"_id": None, "n": {"$sum": 1}, "versions": {"$sum": "$version"}}}]
    )
    return (found[0]["n"], found[0]["versions"]) if found else (0, 0)


async def list_branches(db: Database, chain_id: str) -> list[Branch]:
    """All branches of the chain, closed ones too: they may have been visited."""
    found = await ChainCollection(db["branches"], chain_id).find({})
    return [_branch(one) for one in found]


async def find_branch(db: Database, chain_id: str, branch_id: str) -> Branch | None:
    """The chain's branch, or None."""
    found = await ChainCollection(db["branches"], chain_id).find_one({"_id": branch_id})
    return _branch(found) if found else None


async def list_sums(db: Database, chain_id: str, wave_id: str) -> list[BranchSums]:
    """The sums of all branches of the wave for which a score counts."""
    found = await ChainCollection(db["branch_waves"], chain_id).find(
        {"wave_id": wave_id, "n": {"$gt": 0}}, ONLY_SUMS
    )
    return [_sums(one) for one in found]


async def list_answer_sums(
    db: Database,
    chain_id: str,
    wave_id: str,
    *,
    field: str,
    branch_ids: Iterable[str] | None = None,
) -> list[dict[str, Any]]:
    """``sections`` or ``questions`` of the wave's sums; of these branches only, if given."""
    where: dict[str, Any] = {"wave_id": wave_id}
    if branch_ids is not None:
        where["_id"] = {"$in": [f"{wave_id}:{branch_id}" for branch_id in branch_ids]}
    found = await ChainCollection(db["branch_waves"], chain_id).find(where, {field: 1, "_id": 0})
    return [one.get(field, {}) for one in found]


async def find_questionnaire(db: Database, chain_id: str, key: str) -> dict[str, Any] | None:
    """Texts and visibility of a questionnaire version, or None."""
    return await ChainCollection(db["questionnaires"], chain_id).find_one({"_id": key})


async def count_results(db: Database, chain_id: str, wave_id: str) -> tuple[int, int]:
    """(visits with a score, visits that count) of the wave."""
    results = ChainCollection(db["results"], chain_id)
    scored = await results.count({"wave_id": wave_id})
    approved = await results.count({"wave_id": wave_id, "counted": {"$gte": 1}})
    return scored, approved


def _wave(found: dict[str, Any]) -> Wave:
    return Wave(
        id=found["_id"],
        programme_id=found["programme_id"],
        name=found["name"],
        channel=found["channel"],
        scenario=found["scenario"],
        questionnaire=found["questionnaire"],
        starts_at=found["starts_at"],
    )


def _branch(found: dict[str, Any]) -> Branch:
    return Branch(
        id=found["_id"],
        store_id=found["store_id"],
        name=found["name"],
        city=found["city"],
        region=found["region"],
        country=found["country"],
        ownership=found["ownership"],
        franchisee_id=found["franchisee_id"],
    )


def _sums(found: dict[str, Any]) -> BranchSums:
    return BranchSums(found["branch_id"], found["n"], found["sum"], found["squares"])
