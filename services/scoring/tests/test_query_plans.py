"""No query of a handler or a request scans a collection or sorts in memory, whatever is stored."""

from typing import Any

import pytest

from incognita_scoring.handlers import HANDLERS, READS
from incognita_shared.events.assignment import VisitCancelled
from incognita_shared.events.envelope import Envelope
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.work import Cause, Work
from support.plans import multiplied

STORED = 400
BATCH = 40


@pytest.fixture
def database(listened: Database) -> Database:
    return listened


@pytest.fixture
async def visit(db, handle, published, report, finding, branch) -> Any:
    """A report that waits for its reviewer, among many others."""
    waiting = report(findings=(finding("major"),))
    await handle(published, waiting, branch("b1", franchisee_id="f1"))
    await multiplied(db, "scores", STORED)
    await multiplied(db, "score_revisions", STORED, visit_id="another")
    await multiplied(db, "branches", STORED, franchisee_id="another")
    return waiting


async def test_a_batch_costs_a_few_commands_and_reads_only_what_it_names(
    db, plans, visit, report
) -> None:
    reports = [report() for _ in range(BATCH)]
    cancelled = VisitCancelled(
        chain_id=visit.chain_id, visit_id=reports[0].visit_id, branch_id="branch-1",
        wave_id="wave-1", seq=3, reason="closed", cancelled_at=visit.submitted_at,
    )  # fmt: skip
    with plans.capturing():
        await _together(db, *reports[1:])
    # three reads ahead, two gathered writes, and the commit: nothing for each event
    assert plans.sent <= 6
    with plans.capturing():
        await _together(db, cancelled, report(visit.visit_id, report_revision=2))
        await _together(db, reports[0])
    await plans.none_scans(db, most_examined=BATCH)


async def test_requests_use_indexes(db, plans, visit, client) -> None:
    reviewer = await client("reviewer")
    manager = await client("branch_manager", branch_ids=["branch-1"])
    franchise = await client("franchise_manager", franchisee_id="f1")
    with plans.capturing():
        for caller, path in (
            (reviewer, "/v1/scores?limit=5"),
            (reviewer, "/v1/scores?wave_id=wave-1&limit=5"),
            (manager, "/v1/scores?limit=5"),
            (franchise, "/v1/scores?limit=5"),
            (reviewer, f"/v1/scores/{visit.visit_id}"),
            (reviewer, f"/v1/scores/{visit.visit_id}/revisions"),
            (reviewer, "/v1/reviews?state=waiting&limit=5"),
            (reviewer, "/v1/waves/wave-1/counts"),
        ):
            answer = await caller.get(path)
            assert answer.status_code == 200, (path, answer.text)
        path = f"/v1/reviews/{visit.visit_id}:approve"
        answer = await reviewer.post(path, json={"report_revision": 1})
        assert answer.status_code == 200, answer.text
        chain = await client("chain_manager")
        said = {"question_id": "change", "text": "No."}
        appeal = await chain.post(f"/v1/scores/{visit.visit_id}/appeals", json=said)
        assert appeal.status_code == 201, appeal.text
    await multiplied(db, "appeals", STORED, visit_id="another")
    with plans.capturing():
        await _decide_and_count(client, visit, appeal.json()["appeal_id"])
    await plans.none_scans(db, fewest=8)


async def _decide_and_count(client: Any, visit: Any, name: str) -> None:
    """The decision on an appeal, a correction, claims, and what is counted of them all."""
    agency = await client("agency")
    always = "since=2026-02-20T00:00:00Z&until=2027-02-01T00:00:00Z"
    word = {"upheld": False, "category": "no_evidence", "reason": "None was shown."}
    again = {"report_revision": 1, "reason": "Look again."}
    for method, path, body in (
        ("GET", "/v1/appeals?limit=5", None),
        ("GET", f"/v1/scores/{visit.visit_id}/appeals", None),
        ("POST", f"/v1/appeals/{name}:decide", word),
        ("GET", f"/v1/appeals:rates?{always}", None),
        ("GET", f"/v1/appeals:rates?group_by=shopper&{always}", None),
        ("GET", f"/v1/quality/shoppers?{always}&limit=5", None),
        ("GET", f"/v1/quality/reviewers?{always}&limit=5", None),
        ("GET", f"/v1/quality/reviewers?{always}&wave_id=wave-1", None),
        ("POST", f"/v1/reviews/{visit.visit_id}:unapprove", again),
        ("POST", f"/v1/reviews/{visit.visit_id}:correct", again | {"answers": {"change": False}}),
        ("POST", "/v1/reviews:claim", {}),
        ("POST", "/v1/reviews:claim", {"wave_id": "wave-1"}),
        ("GET", "/v1/review-rules", None),
    ):
        answer = await agency.request(method, path, json=body)
        # a copy that is claimed has no revision to show
        assert answer.status_code == 200 or "copy-" in answer.text, (path, answer.text)


async def _together(db: Database, *events: Any) -> None:
    """Handle events as one batch, with what they read read ahead."""
    wanted: dict[str, set[str]] = {}
    for event in events:
        for collection, name in READS[type(event)](event):
            wanted.setdefault(collection, set()).add(name)
    async with db.client.start_session() as session, await session.start_transaction():
        work = Work("scoring", db, session)
        await work.load(wanted)
        for event in events:
            envelope = Envelope(
                id=new_id(), type=event.type_name(), source="/test", time=event.submitted_at
                if hasattr(event, "submitted_at") else event.cancelled_at,
                subject=event.subject, topic=event.topic, key=event.key, data=b"",
            )  # fmt: skip
            work.caused_by(Cause(Source(event.topic, 0), envelope.id))
            await HANDLERS[type(event)](Received(event, envelope), work)
        await work.flush()
