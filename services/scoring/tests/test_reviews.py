"""Decisions over HTTP: each is one write with its event inside."""

import asyncio

import pytest

from incognita_shared.events.scoring import ReportApproved, ReportRejected, ReportReturned

EVENTS = {"approve": ReportApproved, "return": ReportReturned, "reject": ReportRejected}
REASON = {"report_revision": 1, "reason": "The receipt is of another branch."}
BODIES = {"approve": {"report_revision": 1, "note": "Fine."}, "return": REASON, "reject": REASON}
STATES = {"approve": "approved", "return": "returned", "reject": "rejected"}


@pytest.fixture
async def waiting(handle, published, report, finding):
    """The visit id of a report that waits for a reviewer."""
    completed = report(findings=(finding("major"),))
    await handle(published, completed)
    return completed.visit_id


@pytest.mark.parametrize("verb", ["approve", "return", "reject"])
async def test_a_decision_changes_the_state_and_carries_its_event(client, waiting, pending, verb):
    reviewer = await client("reviewer")
    answer = await reviewer.post(f"/v1/reviews/{waiting}:{verb}", json=BODIES[verb])
    assert answer.status_code == 200, answer.text
    review = answer.json()
    assert review["state"] == STATES[verb]
    (decision,) = review["decisions"]
    assert (decision["verb"], decision["by"]) == (verb, "reviewer")
    assert decision["text"] == BODIES[verb].get("reason", "Fine.")
    (event,) = await pending(waiting)
    assert isinstance(event, EVENTS[verb])
    assert (event.seq, event.report_revision) == (2, 1)
    if isinstance(event, ReportApproved):
        assert (event.approved_by, event.score, event.score_revision) == ("reviewer", 100, 1)
    else:
        assert event.reason == REASON["reason"]


@pytest.mark.parametrize("verb", ["approve", "return", "reject"])
async def test_the_same_decision_again_changes_nothing(client, waiting, pending, verb):
    reviewer = await client("agency")
    answers = [
        await reviewer.post(f"/v1/reviews/{waiting}:{verb}", json=BODIES[verb]) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[2].json()
    assert len(await pending(waiting)) == 1


async def test_of_twenty_decisions_at_once_one_counts(client, waiting, pending):
    reviewer = await client("reviewer")
    verbs = ["approve", "return", "reject", "approve"] * 5
    answers = await asyncio.gather(
        *(reviewer.post(f"/v1/reviews/{waiting}:{verb}", json=BODIES[verb]) for verb in verbs)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    events = await pending(waiting)
    assert [event.seq for event in events] == list(range(2, 2 + len(events)))
    kinds = [type(event) for event in events]
    # an approved report may be rejected, every other way ends after one decision
    assert kinds in ([ReportApproved], [ReportReturned], [ReportRejected],
                     [ReportApproved, ReportRejected])  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then", "allowed"),
    [
        ("approve", "return", ["reject", "unapprove"]),
        ("return", "approve", []),
        ("return", "reject", []),
        ("reject", "approve", []),
        ("reject", "return", []),
    ],
)
async def test_a_decision_that_comes_too_late_is_refused(client, waiting, pending, *, first, then,
                                                         allowed):  # fmt: skip
    reviewer = await client("reviewer")
    await reviewer.post(f"/v1/reviews/{waiting}:{first}", json=BODIES[first])
    answer = await reviewer.post(f"/v1/reviews/{waiting}:{then}", json=BODIES[then])
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["allowed"], problem["state"]) == (allowed, STATES[first])
    assert len(await pending(waiting)) == 1


async def test_an_approved_report_can_be_rejected_later(client, waiting, pending):
    reviewer = await client("reviewer")
    await reviewer.post(f"/v1/reviews/{waiting}:approve", json=BODIES["approve"])
    answer = await reviewer.post(f"/v1/reviews/{waiting}:reject", json=REASON)
    assert answer.json()["state"] == "rejected"
    assert [event.seq for event in await pending(waiting)] == [2, 3]


@pytest.mark.parametrize("revision", [1, 3])
async def test_a_decision_about_another_report_revision_is_refused(
    client, waiting, handle, report, finding, revision
):
    reviewer = await client("reviewer")
    await reviewer.post(f"/v1/reviews/{waiting}:return", json=REASON)
    await handle(report(waiting, report_revision=2, findings=(finding("minor"),)))
    answer = await reviewer.post(
        f"/v1/reviews/{waiting}:approve", json={"report_revision": revision}
    )
    assert answer.status_code == 409
    assert answer.json()["report_revision"] == 2
    assert answer.json()["allowed"] == ["approve", "return", "reject", "correct"]


async def test_a_visit_goes_through_return_correction_and_approval_without_gaps(
    client, waiting, handle, report, finding, pending
):
    reviewer = await client("reviewer")
    await reviewer.post(f"/v1/reviews/{waiting}:return", json=REASON)
    assert await handle(report(waiting, report_revision=2, findings=(finding("minor"),))) == []
    answer = await reviewer.post(f"/v1/reviews/{waiting}:approve", json={"report_revision": 2})
    assert answer.json()["score_revision"] == 2
    assert [(type(event).__name__, event.seq) for event in await pending(waiting)] == [
        ("ReportReturned", 2),
        ("VisitScored", 3),
        ("ReportApproved", 4),
    ]


async def test_the_queue_shows_what_waits_oldest_first_page_by_page(
    client, handle, published, report, finding
):
    visits = [report(findings=(finding("major"),)) for _ in range(5)]
    await handle(published, *visits, report())
    reviewer = await client("reviewer")
    seen, cursor = [], None
    while True:
        page = (
            await reviewer.get("/v1/reviews", params={"limit": 2, "cursor": cursor or ""})
        ).json()
        seen += [row["visit_id"] for row in page["items"]]
        assert all(row["findings"] and row["state"] == "waiting" for row in page["items"])
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == [each.visit_id for each in visits]
    approved = (await reviewer.get("/v1/reviews?state=approved")).json()
    assert len(approved["items"]) == 1
    assert (await reviewer.get("/v1/reviews?wave_id=other")).json()["items"] == []


async def test_a_review_shows_what_the_reviewer_needs(client, waiting):
    reviewer = await client("reviewer")
    review = (await reviewer.get(f"/v1/reviews/{waiting}")).json()
    assert review["allowed"] == ["approve", "return", "reject", "correct"]
    assert review["findings"][0]["code"] == "outside_geofence"
    assert review["questions"][0]["label"] == {"en": "Was greeting right?"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"report_revision": 0},
        {"report_revision": "1", "extra": 1},
        {"report_revision": 10**30},
        {"report_revision": 1, "note": ""},
        {"report_revision": 1, "note": "x" * 2001},
        [],
        None,
    ],
)
async def test_a_body_of_another_shape_is_refused_and_changes_nothing(
    client, waiting, pending, body
):
    reviewer = await client("reviewer")
    answer = await reviewer.post(f"/v1/reviews/{waiting}:approve", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert await pending(waiting) == []


@pytest.mark.parametrize("verb", ["return", "reject"])
async def test_a_refusal_needs_a_reason(client, waiting, verb):
    reviewer = await client("reviewer")
    answer = await reviewer.post(f"/v1/reviews/{waiting}:{verb}", json={"report_revision": 1})
    assert answer.json()["errors"] == [{"field": "reason", "cause": "Field required"}]


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "W10", "é", "Wzk5OTk5OTk5OTk5OTk5OTksImEiXQ"])
async def test_a_cursor_that_was_not_given_is_refused(client, cursor):
    reviewer = await client("reviewer")
    answer = await reviewer.get("/v1/reviews", params={"cursor": cursor})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "role",
    ["operator", "chain_manager", "franchise_manager", "branch_manager", "shopper"],
)
async def test_nobody_else_reviews(client, waiting, role):
    other = await client(role)
    requests = [("GET", "/v1/reviews"), ("GET", f"/v1/reviews/{waiting}")]
    requests += [("POST", f"/v1/reviews/{waiting}:{verb}") for verb in BODIES]
    for method, path in requests:
        answer = await other.request(method, path, json=BODIES["approve"])
        assert answer.status_code in {401, 403}, path


async def test_another_chains_reviewer_finds_nothing(client, waiting, pending):
    foreign = await client("reviewer", chain_id="d" * 32)
    assert (await foreign.get("/v1/reviews")).json()["items"] == []
    assert (await foreign.get(f"/v1/reviews/{waiting}")).status_code == 404
    for verb, body in BODIES.items():
        answer = await foreign.post(f"/v1/reviews/{waiting}:{verb}", json=body)
        assert answer.status_code == 404
    assert await pending(waiting) == []
