"""The score of a visit that was called off never counts, in whichever order the two facts come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from pymongo.errors import OperationFailure

from incognita_scoring.handlers import HANDLERS
from incognita_scoring.repository.scores import Scores
from incognita_scoring.rules import ReviewState
from incognita_scoring.score import DecidedBy
from incognita_shared.events.assignment import VisitCancelled
from incognita_shared.events.envelope import Envelope, Event
from incognita_shared.events.scoring import ReportApproved, ReportRejected, VisitScored
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.work import Cause, Work

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def cancelled(report) -> VisitCancelled:
    """The visit of ``report`` is called off."""
    return VisitCancelled(
        chain_id=report.chain_id,
        visit_id=report.visit_id,
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        seq=3,
        reason="the branch has closed",
        cancelled_at=NOON,
    )


async def score_of(db, report):
    return await Scores(db, report.chain_id).get_score(report.visit_id)


async def test_a_score_that_was_approved_is_rejected_when_its_visit_is_called_off(
    db, handle, published, report, pending
):
    completed = report()
    await handle(published, completed)
    assert await handle(cancelled(completed), times=2) == []
    (said,) = await pending(completed.visit_id)
    assert isinstance(said, ReportRejected)
    assert (said.seq, said.report_revision) == (3, 1)
    assert said.reason == "The visit was cancelled: the branch has closed"
    score = await score_of(db, completed)
    assert (score.state, score.seq) == (ReviewState.REJECTED, 3)
    assert [each.by for each in score.decisions] == [DecidedBy.RULE, DecidedBy.CANCELLATION]


async def test_a_report_that_comes_after_the_cancellation_is_scored_and_rejected_at_once(
    db, handle, published, report, pending
):
    completed = report()
    assert await handle(published, cancelled(completed), times=2) == []
    assert await db["scores"].count_documents({}) == 0
    scored, rejected = await handle(completed, times=2)
    assert (type(scored), type(rejected)) == (VisitScored, ReportRejected)
    assert (scored.seq, rejected.seq, rejected.report_revision) == (1, 2, 1)
    assert (await score_of(db, completed)).state is ReviewState.REJECTED
    assert await pending(completed.visit_id) == []


async def test_a_correction_that_crosses_the_cancellation_is_rejected_too(
    db, handle, published, report, finding, pending
):
    first = report(findings=(finding("major"),))
    await handle(published, first, cancelled(first), report(first.visit_id, report_revision=2))
    said = await pending(first.visit_id)
    assert [(type(event), event.seq) for event in said] == [
        (ReportRejected, 2), (VisitScored, 3), (ReportRejected, 4),
    ]  # fmt: skip
    assert [event.report_revision for event in said] == [1, 2, 2]


async def test_a_reviewer_cannot_approve_what_was_called_off(handle, published, report, client):
    completed = report()
    await handle(published, cancelled(completed), completed)
    reviewer = await client("reviewer")
    approve = f"/v1/reviews/{completed.visit_id}:approve"
    answer = await reviewer.post(approve, json={"report_revision": 1})
    assert answer.status_code == 409
    shown = (await reviewer.get(f"/v1/reviews/{completed.visit_id}")).json()
    assert shown["decisions"][-1]["by"] == "cancellation"


@asynccontextmanager
async def own_transaction(db, event: Event) -> AsyncIterator[Work]:
    """Another process at the same moment: its reads are of when the block began."""
    async with db.client.start_session() as session, await session.start_transaction():
        work = Work("scoring", db, session)
        envelope = Envelope(
            id=new_id(), type=event.type_name(), source="/test", time=NOON,
            subject=event.subject, topic=event.topic, key=event.key, data=b"",
        )  # fmt: skip
        work.caused_by(Cause(Source(event.topic, 0), envelope.id))
        await HANDLERS[type(event)](Received(event, envelope), work)
        yield work
        await work.flush()


@pytest.mark.parametrize("first", ["report", "cancellation"])
async def test_two_processes_at_one_moment_never_miss_each_other(
    db, handle, published, report, first
):
    completed = report()
    await handle(published)
    facts = [completed, cancelled(completed)]
    earlier, later = facts if first == "report" else reversed(facts)
    with pytest.raises(OperationFailure) as refused:
        async with own_transaction(db, later):
            await asyncio.wait_for(handle(earlier), 5)
    assert refused.value.has_error_label("TransientTransactionError")
    await handle(later)
    assert (await score_of(db, completed)).state is ReviewState.REJECTED


async def test_a_cancellation_says_nothing_where_nothing_is_approved_later(
    handle, published, report
):
    other = report()
    await handle(published, cancelled(report()))
    assert [type(event) for event in await handle(other)] == [VisitScored, ReportApproved]
