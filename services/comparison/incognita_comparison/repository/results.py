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
    known = result or {**key, **new, "revisions": {}}
    known.update({"seq": event.seq, "visited_at": event.visited_at})
    known["revisions"][number] = revision
    work.put(RESULTS, key, known, is_new=result is None)
    batch_of(work).keep(known)


def keep_verdict(work: Work, result: Mapping[str, Any]) -> None:
    """Write which revision counts, how far scoring's events are read, and what we have said."""
    where = {"_id": result["_id"], "chain_id": result["chain_id"]}
    if batch_of(work).is_kept(result):
        work.put(RESULTS, where, result)
    else:
        verdict = {name: result[name] for name in ("seq", "counted", "said")}
        work.update(RESULTS, where, {"$set": verdict})


async def add_to_sums(
    work: Work, result: Mapping[str, Any], added: Mapping[str, int]
) -> tuple[int, int]:
    """Add to the sums of the result's branch in its wave; ``changes`` says how often they moved.

    Returns the number and the sum of the scores that count there now. The document is replaced
    whole: to add at some 200 paths costs MongoDB more than to take 6 kB as they are, and a branch
    has one writer.
    """
    sums = await _sums_of(work, result)
    if added:
        for path, value in added.items():
            *outer, last = path.split(".")
            place = sums
            for name in outer:
                place = place.setdefault(name, {})
            place[last] = place.get(last, 0) + value
        sums["changes"] += 1
        work.put(BRANCH_WAVES, {"_id": sums["_id"], "chain_id": sums["chain_id"]}, sums)
    return sums["n"], sums["sum"]


async def _sums_of(work: Work, result: Mapping[str, Any]) -> dict[str, Any]:
    """The sums as the batch has them so far."""
    key, known = sums_key(result["wave_id"], result["branch_id"]), batch_of(work).sums
    if key not in known:
        place = {name: result[name] for name in ("chain_id", "wave_id", "branch_id")}
        nothing = {"approved": 0, "n": 0, "sum": 0, "squares": 0, "changes": 0}
        known[key] = await work.find_one(BRANCH_WAVES, {"_id": key, **place}) or {
            "_id": key, **place, **nothing
        }  # fmt: skip
    return known[key]
