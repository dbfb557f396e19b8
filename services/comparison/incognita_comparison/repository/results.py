"""Results of visits and the sums per branch and wave, as handlers read and write them."""

from collections.abc import Mapping
from typing import Any

from incognita_shared.events.scoring import VisitScored
from incognita_shared.mongo.work import Work


def keep_revision(work: Work, event: VisitScored, revision: Mapping[str, Any]) -> None:
    """Keep a score revision, unless a later event of the visit's is here already.

    One conditional write with no read before it: most events of a batch cost no round trip.
    ``seq`` counts scoring's events of the visit, ``said`` our own. ``shopper_id`` is kept for the
    estimation of leniency and is read by no query.
    """
    new = {
        "wave_id": event.wave_id,
        "branch_id": event.branch_id,
        "programme_id": event.programme_id,
        "shopper_id": event.shopper_id,
        "said": 0,
        "counted": None,
    }
    revisions = ["$revisions", {"$literal": {str(event.score_revision): revision}}]
    moved = {
        "seq": event.seq,
        "visited_at": event.visited_at,
        "revisions": {"$mergeObjects": revisions},
    }
    later = {"$lt": [{"$ifNull": ["$seq", 0]}, event.seq]}
    merged = {"$mergeObjects": [{"$literal": new}, "$$ROOT", moved]}
    where = {"_id": event.visit_id, "chain_id": event.chain_id}
    update = [{"$replaceWith": {"$cond": [later, merged, "$$ROOT"]}}]
    work.update("results", where, update, upsert=True)


async def find_result(work: Work, *, chain_id: str, visit_id: str) -> dict[str, Any] | None:
    """The visit's result, or None."""
    return await work.find_one("results", {"_id": visit_id, "chain_id": chain_id})


def keep_verdict(work: Work, result: Mapping[str, Any]) -> None:
    """Write which revision counts, how far scoring's events are read, and what we have said."""
    where = {"_id": result["_id"], "chain_id": result["chain_id"]}
    verdict = {name: result[name] for name in ("seq", "counted", "said")}
    work.update("results", where, {"$set": verdict})


async def find_sums(work: Work, result: Mapping[str, Any]) -> tuple[int, int]:
    """Number and sum of the scores that count for the result's branch in its wave."""
    sums = await work.find_one("branch_waves", _sums_of(result), {"n": 1, "sum": 1})
    return (sums["n"], sums["sum"]) if sums else (0, 0)


def add_to_sums(work: Work, result: Mapping[str, Any], added: Mapping[str, int]) -> None:
    """Add to the sums of the result's branch in its wave; ``changes`` says how often they moved."""
    if not added:
        return
    start = {name: 0 for name in ("approved", "n", "sum", "squares") if name not in added}
    place = {"wave_id": result["wave_id"], "branch_id": result["branch_id"]}
    work.update(
        "branch_waves",
        _sums_of(result),
        {"$inc": {**added, "changes": 1}, "$setOnInsert": {**place, **start}},
        upsert=True,
    )


def _sums_of(result: Mapping[str, Any]) -> dict[str, str]:
    return {"_id": f"{result['wave_id']}:{result['branch_id']}", "chain_id": result["chain_id"]}
