"""Results of visits and the sums per branch and wave, as handlers read and write them."""

from collections.abc import Mapping
from typing import Any

from incognita_shared.events.scoring import VisitScored
from incognita_shared.mongo.work import Work


def new_result(event: VisitScored) -> dict[str, Any]:
    """A visit of which nothing is known but where it belongs. ``seq`` is scoring's, ``said`` ours.

    ``shopper_id`` is kept for the estimation of leniency and is read by no query.
    """
    return {
        "_id": event.visit_id,
        "chain_id": event.chain_id,
        "wave_id": event.wave_id,
        "branch_id": event.branch_id,
        "programme_id": event.programme_id,
        "shopper_id": event.shopper_id,
        "visited_at": event.visited_at,
        "seq": 0,
        "said": 0,
        "counted": None,
        "revisions": {},
    }


async def find_result(work: Work, *, chain_id: str, visit_id: str) -> dict[str, Any] | None:
    """The visit's result, or None."""
    return await work.find_one("results", {"_id": visit_id, "chain_id": chain_id})


def keep_result(work: Work, result: Mapping[str, Any]) -> None:
    """Write the result as it is now."""
    where = {"_id": result["_id"], "chain_id": result["chain_id"]}
    work.replace("results", where, result)


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
