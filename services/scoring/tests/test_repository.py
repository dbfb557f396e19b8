"""Each query that runs often is served by an index, in order."""

import pytest

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.rules import ReviewState

STATES = {"$in": [state.value for state in ReviewState]}
BY_ID = {"_id": 1}
QUEUE = {"decide_by": 1, "opened_at": 1, "_id": 1}


@pytest.fixture
async def many(db, handle, published, report, finding):
    """Enough reports for the planner to prefer an index."""
    reports = [
        report(
            branch_id=f"b{number % 4}",
            wave_id=f"w{number % 3}",
            findings=(finding("major"),) if number % 2 else (),
        )
        for number in range(60)
    ]
    await handle(published, *reports)
    return db


def steps(plan):
    """The stages of a plan and the indexes it reads."""
    found = {plan["stage"], plan.get("indexName")} - {None}
    for inner in [plan.get("inputStage"), *plan.get("inputStages", [])]:
        found |= steps(inner) if inner else set()
    return found


@pytest.mark.parametrize(
    ("collection", "where", "sort", "index"),
    [
        (SCORES, {"wave_id": "w1", "state": STATES}, BY_ID, "by_wave"),
        (SCORES, {"wave_id": "w1", "state": STATES, "_id": {"$gt": "0"}}, BY_ID, "by_wave"),
        (SCORES, {"branch_id": "b1", "state": {"$in": ["approved"]}}, BY_ID, "by_branch"),
        (SCORES, {"state": STATES}, BY_ID, "by_chain"),
        (SCORES, {"state": "waiting"}, QUEUE, "by_urgency"),
        (SCORES, {"state": {"$in": ["waiting", "second_review"]}}, QUEUE, "by_urgency"),
        (REVISIONS, {"visit_id": "x"}, {"score_revision": 1}, "by_visit"),
    ],
)
async def test_a_frequent_query_needs_no_scan_and_no_sort(
    many, report, *, collection, where, sort, index
):
    plan = await many.command(
        "explain",
        {"find": collection, "filter": {**where, "chain_id": report().chain_id}, "sort": sort},
        verbosity="queryPlanner",
    )
    used = steps(plan["queryPlanner"]["winningPlan"])
    assert not used & {"COLLSCAN", "SORT"}, used
    assert index in used
