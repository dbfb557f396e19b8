"""Results of visits and the sums per branch and wave, as handlers read and write them."""

from collections.abc import Mapping
from typing import Any

from incognita_comparison.repository.batch import batch_of
from incognita_shared.events.scoring import VisitScored
from incognita_shared.mongo.work import Work

RESULTS, BRANCH_WAVES = "results", "branch_waves"


def sums_key(wave_id: str, branch_id: str) -> str:
    """The id of a branch's sums in a wave."""
    return f"{wave_id}:{branch_id}"


async def find_result(work: Work, *, chain_id: str, visit_id: str) -> dict[str, Any] | None:
    """The visit's result as the batch has it so far, or None. What the caller changes in it is seen
    by the events behind; ``keep_revision`` and ``keep_verdict`` write it."""
    results = batch_of(work).results
    if visit_id not in results:
        results[visit_id] = await work.find_one(RESULTS, {"_id": visit_id})
    result = results[visit_id]
    return result if result and result["chain_id"] == chain_id else None


async def keep_revision(work: Work, event: VisitScored, revision: Mapping[str, Any]) -> None:
    """Keep a score revision, unless a later event of the visit's is here already.

    ``seq`` counts scoring's events of the visit, ``said`` our own. ``shopper_id`` is kept for the
    estimation of leniency and is read by no query.
    """
    result = await find_result(work, chain_id=event.chain_id, visit_id=event.visit_id)
    if result is not None and event.seq <= result["seq"]:
        return
    new = {
        "wave_id": event.wave_id,
        "branch_id": event.branch_id,
        "programme_id": event.programme_id,
        "shopper_id": event.shopper_id,
        "said": 0,
        "counted": None,
    }
    key, number = {"_id": event.visit_id, "chain_id": event.chain_id}, str(event.score_revision)
    moved = {"seq": event.seq, "visited_at": event.visited_at}
    update = {"$set": {**moved, f"revisions.{number}": revision}, "$setOnInsert": new}
    work.update(RESULTS, key, update, upsert=True)
    known = result or {**key, **new, "revisions": {}}
    known.update(moved)
    known["revisions"][number] = revision
    batch_of(work).results[event.visit_id] = known


def keep_verdict(work: Work, result: Mapping[str, Any]) -> None:
    """Write which revision counts, how far scoring's events are read, and what we have said."""
    where = {"_id": result["_id"], "chain_id": result["chain_id"]}
    verdict = {name: result[name] for name in ("seq", "counted", "said")}
    work.update(RESULTS, where, {"$set": verdict})


async def add_to_sums(
    work: Work, result: Mapping[str, Any], added: Mapping[str, int]
) -> tuple[int, int]:
    """Add to the sums of the result's branch in its wave; ``changes`` says how often they moved.

    Returns the number and the sum of the scores that count there now.
    """
    key, sums = sums_key(result["wave_id"], result["branch_id"]), batch_of(work).sums
    if key not in sums:
        found = await work.find_one(BRANCH_WAVES, {"_id": key}) or {}
        sums[key] = found.get("n", 0), found.get("sum", 0)
    count, total = sums[key]
    sums[key] = count + added.get("n", 0), total + added.get("sum", 0)
    if added:
        start = {name: 0 for name in ("approved", "n", "sum", "squares") if name not in added}
        place = {"wave_id": result["wave_id"], "branch_id": result["branch_id"]}
        work.update(
            BRANCH_WAVES,
            {"_id": key, "chain_id": result["chain_id"]},
            {"$inc": {**added, "changes": 1}, "$setOnInsert": {**place, **start}},
            upsert=True,
        )
    return sums[key]
