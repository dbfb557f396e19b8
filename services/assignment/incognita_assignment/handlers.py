"""What reports and the reviewer's word do to visits. Facts may come late, early or twice.

``report.completed`` and what scoring says of a report travel on different topics: a decision about
a revision that has not been seen yet waits (``NotReady``). A report for a visit that was called
off, or offered anew, does not bring it back: nothing is paid. It is noted in the history of a
cancelled visit; one that was offered anew is cancelled by it, which takes its score back.
"""

import logging
from collections.abc import Mapping
from typing import Any

from incognita_assignment.payout import Payout, PayoutState, payout_for
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
    unapprove,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import (
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
)
from incognita_shared.kafka.incoming import Handler, NotReady, Reads, Received
from incognita_shared.mongo.pending import WITHOUT_PENDING
from incognita_shared.mongo.work import Work

log = logging.getLogger(__name__)
Judgement = ReportApproved | ReportReturned | ReportRejected
Word = Judgement | ReportUnapproved

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
    """The visit is approved and its payout due, unless it has been paid before.

    Said again of an approved visit, because its score was revised, it changes nothing.
    """
    event = received.event
    visit = await _judged(received, work)
    if visit is None:
        return
    earlier = await _payout(work, visit)
    paid = earlier is not None and earlier.state is PayoutState.PAID
    payout = earlier if earlier and paid else payout_for(visit, approved_at=event.approved_at)
    by = _BY.get(event.approved_by, By.REVIEWER)
    _apply_saying(work, approve(visit, payout, at=event.approved_at, by=by, seq=event.seq))
    if earlier is None:
        work.insert(PAYOUTS, payout.document())
    elif paid:
        _mark(work, payout, {"unapproved_at": None})
    else:
        work.replace(PAYOUTS, _place(payout), payout.document(), upsert=False)


async def on_report_unapproved(received: Received[ReportUnapproved], work: Work) -> None:
    """The approval is taken back: a payout that was not paid yet is withdrawn."""
    event = received.event
    visit = await _visit(work, event)
    if event.seq <= visit.judged_seq:
        return
    payout = await _payout(work, visit)
    if visit.state is not VisitState.APPROVED or payout is None:
        _note_late(received, visit, work)
        return
    at = event.unapproved_at
    _apply_saying(work, unapprove(visit, payout, reason=event.reason, at=at, seq=event.seq))
    state = {} if payout.state is PayoutState.PAID else {"state": PayoutState.WITHDRAWN.value}
    _mark(work, payout, {**state, "unapproved_at": at})


async def on_report_returned(received: Received[ReportReturned], work: Work) -> None:
    """The shopper gets the report back, with a new due date and the questions to correct."""
    event = received.event
    visit = await _judged(received, work)
    if visit is not None:
        change = send_back(
            visit,
            revision=event.report_revision,
            reason=event.reason,
            question_ids=event.question_ids,
            at=event.returned_at,
            seq=event.seq,
        )
        _apply_saying(work, change)


async def on_report_rejected(received: Received[ReportRejected], work: Work) -> None:
    """The visit ends without a payout."""
    event = received.event
    visit = await _judged(received, work)
    if visit is not None:
        _apply(work, reject(visit, reason=event.reason, at=event.rejected_at, seq=event.seq))


async def _payout(work: Work, visit: Visit) -> Payout | None:
    """The visit's payout, if it ever had one; most have none, and nothing is read for them."""
    if visit.payout_id is None:
        return None
    where = {"_id": visit.payout_id, "chain_id": visit.chain_id}
    found = await work.find_one(PAYOUTS, where)
    return Payout.of_document(found) if found else None


def _place(payout: Payout) -> dict[str, str]:
    return {"_id": payout.payout_id, "chain_id": payout.chain_id}


def _mark(work: Work, payout: Payout, fields: Mapping[str, Any]) -> None:
    work.update(PAYOUTS, _place(payout), {"$set": dict(fields)})


async def _visit(work: Work, event: ReportCompleted | Word) -> Visit:
    where = {"_id": event.visit_id, "chain_id": event.chain_id}
    found = await work.find_one(VISITS, where, WITHOUT_PENDING)
    if found is None:
        raise NotReady(f"visit {event.visit_id} is not here")
    return Visit.of_document(found)


async def _judged(received: Received[Judgement], work: Work) -> Visit | None:
    """The visit, if it waits for a word on just this revision; None if the word changes nothing.

    A word that moved the visit before is known by ``judged_seq``: after an approval was taken back,
    the same approval, published a second time, must not approve the report again.
    """
    event = received.event
    visit = await _visit(work, event)
    if event.seq <= visit.judged_seq:
        return None
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
    received: Received[ReportCompleted] | Received[Judgement] | Received[ReportUnapproved],
    visit: Visit,
    work: Work,
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
    ReportUnapproved: on_report_unapproved,
    ReportReturned: on_report_returned,
    ReportRejected: on_report_rejected,
}

READS: Reads = dict.fromkeys(HANDLERS, lambda event: [(VISITS, event.visit_id)])
