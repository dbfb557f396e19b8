"""Corrections, second reviewers and approvals taken back."""

import asyncio
from datetime import UTC, datetime

import pytest

from incognita_scoring.corrections import changes
from incognita_scoring.repository.scores import Scores
from incognita_shared.events.scoring import (
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
    VisitScored,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
APPROVAL = {"report_revision": 1}
WRONG_CHANGE = {"report_revision": 1, "answers": {"change": False}, "reason": "See the receipt."}


@pytest.fixture
async def waiting(handle, published, report, finding):
    """The visit id of a report that waits for a reviewer."""
    completed = report(findings=(finding("major"),))
    await handle(published, completed)
    return completed.visit_id


async def test_a_correction_is_a_new_revision_and_keeps_the_old_answers(
    client, db, waiting, pending, report
):
    reviewer = await client("reviewer")
    for _ in range(2):
        answer = await reviewer.post(f"/v1/reviews/{waiting}:correct", json=WRONG_CHANGE)
        assert answer.status_code == 200, answer.text
    review = answer.json()
    assert (review["state"], review["score"], review["score_revision"]) == ("waiting", "50.00", 2)
    assert review["decisions"][-1]["question_ids"] == ["change"]
    (event,) = await pending(waiting)
    assert isinstance(event, VisitScored)
    assert (event.seq, event.reason, event.report_revision) == (2, "See the receipt.", 1)
    assert event.author == review["decisions"][-1]["key_id"]
    first, second = (await reviewer.get(f"/v1/scores/{waiting}/revisions")).json()
    assert (first["changes"], first["score"]) == ([], "100.00")
    assert second["changes"] == [{"question_id": "change", "before": True, "after": False}]
    kept = await Scores(db, report().chain_id).list_revisions(waiting)
    assert [each.answers["change"] for each in kept] == [True, False]
    done = await reviewer.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)
    assert done.status_code == 200
    manager = await client("chain_manager")
    (shown,) = (await manager.get(f"/v1/scores/{waiting}/revisions")).json()
    assert shown["score_revision"] == 2
    assert "changes" not in shown


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"change": "perhaps"}, "answers.change"),
        ({"unknown": True}, "answers.unknown"),
        ({"change": None}, "answers.change"),
    ],
)
async def test_a_correction_that_does_not_fit_is_refused(client, waiting, pending, answers, field):
    reviewer = await client("reviewer")
    body = {**WRONG_CHANGE, "answers": answers}
    answer = await reviewer.post(f"/v1/reviews/{waiting}:correct", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert await pending(waiting) == []


async def test_what_the_shopper_answered_badly_does_not_stand_against_a_correction(
    client, handle, published, report
):
    completed = report(answers={"greeting": "forged", "change": True, "agency": True})
    await handle(published, completed)
    reviewer = await client("reviewer")
    path = f"/v1/reviews/{completed.visit_id}:correct"
    assert (await reviewer.post(path, json=WRONG_CHANGE)).status_code == 200
    fix = {**WRONG_CHANGE, "answers": {"greeting": True}}
    review = (await reviewer.post(path, json=fix)).json()
    assert (review["doubts"], review["score_revision"]) == ([], 3)


def test_changes_name_repetitions():
    before = {"a": 1, "staff": [{"greeted": True}, {"greeted": False}]}
    after = {"b": 2, "staff": [{"greeted": True}, {"greeted": True}]}
    assert [tuple(each) for each in changes(before, after)] == [
        ("a", 1, None), ("staff[1].greeted", False, True), ("b", None, 2)
    ]  # fmt: skip


async def test_twenty_corrections_at_once_are_one_revision(client, waiting, pending):
    reviewer = await client("reviewer")
    answers = await asyncio.gather(
        *(reviewer.post(f"/v1/reviews/{waiting}:correct", json=WRONG_CHANGE) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len(await pending(waiting)) == 1


async def test_marked_questions_must_exist_and_are_told(client, waiting, pending):
    reviewer = await client("reviewer")
    body = {**APPROVAL, "reason": "Unreadable.", "question_ids": ["change", "nothing"]}
    answer = await reviewer.post(f"/v1/reviews/{waiting}:return", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "question_ids.1"
    body["question_ids"] = ["change", "greeting", "change"]
    answer = await reviewer.post(f"/v1/reviews/{waiting}:return", json=body)
    assert answer.json()["decisions"][-1]["question_ids"] == ["change", "greeting"]
    (event,) = await pending(waiting)
    assert isinstance(event, ReportReturned)
    assert event.question_ids == ("change", "greeting")


async def test_a_rejection_has_a_reason_code(client, waiting, pending):
    reviewer = await client("reviewer")
    body = {**APPROVAL, "reason": "Another branch.", "reason_code": "because"}
    assert (await reviewer.post(f"/v1/reviews/{waiting}:reject", json=body)).status_code == 422
    body["reason_code"] = "wrong_branch"
    await reviewer.post(f"/v1/reviews/{waiting}:reject", json=body)
    (event,) = await pending(waiting)
    assert isinstance(event, ReportRejected)
    assert event.reason_code == "wrong_branch"


RULES = [
    ({"major_finding": True}, ["major_finding"]),
    ({"critical_miss": True}, []),
    ({"sample_percent": 100}, ["sample"]),
    ({"sample_percent": 0}, []),
    ({"correction_points": "0"}, []),
    ({"major_finding": True, "sample_percent": 100}, ["major_finding"]),
]


@pytest.mark.parametrize(("rule", "grounds"), RULES)
async def test_a_chains_rule_asks_for_a_second_reviewer(
    client, db, waiting, pending, report, *, rule, grounds
):
    agency, first, second = [await client(role) for role in ("agency", "reviewer", "reviewer")]
    assert (await agency.put("/v1/review-rules", json=rule)).status_code == 200
    review = (await first.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)).json()
    assert review["state"] == ("second_review" if grounds else "approved")
    assert review["second_grounds"] == grounds
    if not grounds:
        return
    assert await pending(waiting) == []
    again = await first.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)
    assert (again.status_code, again.json()["second_grounds"]) == (409, grounds)
    queue = (await first.get("/v1/reviews?state=second_review")).json()["items"]
    assert [row["visit_id"] for row in queue] == [waiting]
    assert (await first.post("/v1/reviews:claim", json={})).json() == {"review": None}
    claimed = (await second.post("/v1/reviews:claim", json={})).json()["review"]
    assert claimed["visit_id"] == waiting
    done = (await second.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)).json()
    assert done["state"] == "approved"
    assert [each["verb"] for each in done["decisions"]] == ["endorse", "approve"]
    (event,) = await pending(waiting)
    assert isinstance(event, ReportApproved)
    assert event.seq == 2
    score = await Scores(db, report().chain_id).get_score(waiting)
    endorsed, approved = score.decisions
    assert endorsed.opened_at == score.opened_at
    assert approved.opened_at == endorsed.decided_at


async def test_a_correction_beyond_the_limit_needs_a_second_reviewer(client, waiting):
    agency, one, other = [await client(role) for role in ("agency", "reviewer", "reviewer")]
    await agency.put("/v1/review-rules/programme-1", json={"correction_points": "49.99"})
    await one.post(f"/v1/reviews/{waiting}:correct", json=WRONG_CHANGE)
    review = (await one.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)).json()
    assert (review["state"], review["second_grounds"]) == ("second_review", ["correction"])
    back = {**WRONG_CHANGE, "answers": {"change": True}}
    review = (await other.post(f"/v1/reviews/{waiting}:correct", json=back)).json()
    # the first approval was of other answers
    assert (review["state"], review["score"], review["second_grounds"]) == ("waiting", "100.00", [])
    await agency.put("/v1/review-rules/programme-1", json={"correction_points": "100"})
    done = (await one.post(f"/v1/reviews/{waiting}:approve", json=APPROVAL)).json()
    assert done["state"] == "approved"


async def test_rules_are_read_back_and_set_by_the_agency_alone(client):
    agency, reviewer = await client("agency"), await client("reviewer")
    await agency.put("/v1/review-rules", json={"major_finding": True})
    await agency.put("/v1/review-rules/p1", json={"sample_percent": 5, "appeal_days": 3})
    rules = (await reviewer.get("/v1/review-rules")).json()
    assert rules["chain"]["major_finding"]
    assert rules["programmes"]["p1"]["appeal_days"] == 3
    assert (await reviewer.put("/v1/review-rules", json={})).status_code == 403
    assert (await agency.put("/v1/review-rules", json={"sample_percent": 101})).status_code == 422
    foreign = await client("agency", chain_id="d" * 32)
    assert (await foreign.get("/v1/review-rules")).json()["programmes"] == {}


async def test_an_approval_is_taken_back_with_an_event_and_can_be_given_again(
    client, handle, published, report, pending
):
    completed = report()
    await handle(published, completed)
    agency, reviewer, manager = [
        await client(role) for role in ("agency", "reviewer", "chain_manager")
    ]
    path, body = f"/v1/reviews/{completed.visit_id}", {**APPROVAL, "reason": "The photo is old."}
    assert (await reviewer.post(f"{path}:unapprove", json=body)).status_code == 403
    for _ in range(2):
        review = (await agency.post(f"{path}:unapprove", json=body)).json()
        assert review["state"] == "waiting"
    assert {each["ground"] for each in review["reasons"]} == {"approval_taken_back"}
    (event,) = await pending(completed.visit_id)
    assert isinstance(event, ReportUnapproved)
    assert (event.seq, event.score_revision) == (3, 1)
    assert (await manager.get(f"/v1/scores/{completed.visit_id}")).status_code == 404
    await reviewer.post(f"{path}:correct", json=WRONG_CHANGE)
    done = (await reviewer.post(f"{path}:approve", json=APPROVAL)).json()
    assert done["state"] == "approved"
    (shown,) = (await manager.get(f"/v1/scores/{completed.visit_id}/revisions")).json()
    assert shown["score_revision"] == 2  # the one that was taken back stays out of sight
    assert [event.seq for event in await pending(completed.visit_id)] == [3, 4, 5]


async def test_what_is_not_approved_cannot_be_unapproved(client, waiting):
    agency = await client("agency")
    body = {**APPROVAL, "reason": "x"}
    answer = await agency.post(f"/v1/reviews/{waiting}:unapprove", json=body)
    assert (answer.status_code, answer.json()["state"]) == (409, "waiting")
