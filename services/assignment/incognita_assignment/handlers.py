"""What reports and the reviewer's word do to visits. Facts may come late, early or twice.

``report.completed`` and what scoring says of a report travel on different topics: a decision about
a revision that has not been seen yet waits (``NotReady``). A report for a visit that was called
off, or offered anew, does not bring it back: nothing is paid. It is noted in the history of a
cancelled visit; one that was offered anew is cancelled by it, which takes its score back.
"""

import logging
from collections.abc import Mapping

from incognita_assignment.payout import payout_for
from incognita_assignment.repository.payouts import PAYOUTS
from incognita_assignment.repository.visits import VISITS
from incognita_assignment.rules import VisitState
from incognita_assignment.visit import By, Visit
from incognita_assignment.visit_changes import (
    Change,
    approve,
    note,
    reject,
    replace,
    report,
    send_back,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import ReportApproved, ReportRejected, ReportReturned
from incognita_shared.kafka.incoming import Handler, NotReady, Reads, Received
from incognita_shared.mongo.pending import WITHOUT_PENDING
from incognita_shared.mongo.work import Work

log = logging.getLogger(__name__)
Judgement = ReportApproved | ReportReturned | ReportRejected

_BY = {"rule": By.RULE}


async def on_report_completed(received: Received[ReportCompleted], work: Work) -> None:
    """The visit is reported, with this revision."""
    event = received.event
    visit = await _visit(work, event)
    if event.report_revision <= visit.report_revision:
        return
    if visit.may_report or visit.state is VisitState.REPORTED:
        _apply(
            work,
            report(visit, revision=event.report_revision, submitted_at=event.submitted_at),
        )
    elif visit.state is VisitState.EXPIRED and visit.successor_id is not None:
        _apply(work, replace(visit, revision=event.report_revision, at=received.envelope.time))
    else:
        _note_late(received, visit, work)


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """The visit is approved and its payout due."""
    event = received.event
    visit = await _judged(received, work)
    if visit is None:
        return
    payout = payout_for(visit, approved_at=event.approved_at)
    change = approve(
        visit,
        payout_id=payout.payout_id,
        fee=payout.fee,
        reimbursement=payout.reimbursement,
        due_on=payout.due_on,
        at=event.approved_at,
        by=_BY.get(event.approved_by, By.REVIEWER),
    )
    _apply_saying(work, change)
    work.insert(PAYOUTS, payout.document())


async def on_report_returned(received: Received[ReportReturned], work: Work) -> None:
    """The shopper gets the report back, with a new due date."""
    event = received.event
    visit = await _judged(received, work)
    if visit is not None:
        change = send_back(
            visit, revision=event.report_revision, reason=event.reason, at=event.returned_at
        )
        _apply_saying(work, change)


async def on_report_rejected(received: Received[ReportRejected], work: Work) -> None:
    """The visit ends without a payout."""
    event = received.event
    visit = await _judged(received, work)
    if visit is not None:
        _apply(work, reject(visit, reason=event.reason, at=event.rejected_at))


async def _visit(work: Work, event: ReportCompleted | Judgement) -> Visit:
    where = {"_id": event.visit_id, "chain_id": event.chain_id}
    found = await work.find_one(VISITS, where, WITHOUT_PENDING)
    if found is None:
        raise NotReady(f"visit {event.visit_id} is not here")
    return Visit.of_document(found)


async def _judged(received: Received[Judgement], work: Work) -> Visit | None:
    """The visit, if it waits for a word on just this revision; None if the word changes nothing."""
    event = received.event
    visit = await _visit(work, event)
    waits = visit.state is VisitState.REPORTED
    if waits and visit.report_revision == event.report_revision:
        return visit
    if (waits or visit.may_report) and visit.report_revision < event.report_revision:
        raise NotReady(
            f"revision {event.report_revision} of the report of visit {visit.visit_id} is not here"
        )
    _note_late(received, visit, work)
    return None


def _note_late(
    received: Received[ReportCompleted] | Received[Judgement], visit: Visit, work: Work
) -> None:
    """Write down what came for a visit that had ended; what merely came twice is passed over."""
    event, envelope = received.event, received.envelope
    ended = visit.state in (VisitState.CANCELLED, VisitState.EXPIRED, VisitState.DECLINED)
    if not ended or event.report_revision <= visit.report_revision:
        return
    what = f"{event.noun} {event.verb}, revision {event.report_revision}: too late to count"
    log.info("late fact", extra={"visit_id": visit.visit_id, "state": visit.state, "what": what})
    _apply(work, note(visit, what=what, at=envelope.time, by=By.TIME))


def _apply(work: Work, change: Change | None) -> None:
    if change is not None:
        work.update(VISITS, change.where, change.update)


def _apply_saying(work: Work, change: Change | None) -> None:
    """The same for what scoring's word says: of a visit that is one partition's, in order."""
    if change is not None:
        work.update_saying(VISITS, change.where, change.fields, change.events)


HANDLERS: Mapping[type[Event], Handler] = {
    ReportCompleted: on_report_completed,
    ReportApproved: on_report_approved,
    ReportReturned: on_report_returned,
    ReportRejected: on_report_rejected,
}

READS: Reads = dict.fromkeys(HANDLERS, lambda event: [(VISITS, event.visit_id)])
