"""What each move does to a visit: one update and its event, for whichever door it came through.

Requests, events and the clock all end here. A change holds only for the version that it was made
from; the caller reads again when another was faster. None means: nothing to do, it was done before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incognita_assignment.payout import Payout, PayoutState
from incognita_assignment.rules import VisitMove, VisitState, check_offer_open, next_state
from incognita_assignment.visit import By, Visit
from incognita_shared.events.assignment import (
    PayoutDue,
    PayoutPaid,
    PayoutWithdrawn,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitExpired,
    VisitReturned,
)
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.mongo.pending import append_events


@dataclass(frozen=True, slots=True)
class Change:
    """A conditional update: ``where`` names the visit and the version it is made from."""

    where: Mapping[str, Any]
    fields: Mapping[str, Any]
    """The update without what it says."""
    events: tuple[VisitEvent, ...] = ()

    @property
    def update(self) -> Mapping[str, Any]:
        """The update with its events inside."""
        return append_events(self.fields, *self.events)

    def said(self) -> "Change":
        """The same with its events inside already, in the trace that is current now."""
        return Change(self.where, self.update)


def accept(visit: Visit, *, at: datetime) -> Change | None:
    """The shopper takes the visit on. Raises IllegalMove."""
    if visit.state is VisitState.OFFERED and visit.deadline_at:
        check_offer_open(VisitMove.ACCEPT, visit.deadline_at, at)
    overdue_at = visit.due_at + timedelta(hours=visit.late_hours)
    event = visit.says(VisitAccepted, accepted_at=at)
    kept = {"accepted_at": at, "deadline_at": overdue_at}
    return _moved(visit, VisitMove.ACCEPT, at=at, by=By.SHOPPER, kept=kept, event=event)


def decline(visit: Visit, *, reason: str, at: datetime) -> Change | None:
    """The shopper turns the offer down. Raises IllegalMove."""
    if visit.state is VisitState.OFFERED and visit.deadline_at:
        check_offer_open(VisitMove.DECLINE, visit.deadline_at, at)
    event = visit.says(VisitDeclined, reason=reason, declined_at=at)
    return _moved(visit, VisitMove.DECLINE, at=at, by=By.SHOPPER, reason=reason, event=event)


def cancel(visit: Visit, *, reason: str, at: datetime) -> Change | None:
    """The agency calls the visit off. Raises IllegalMove, also once there is a report."""
    event = visit.says(VisitCancelled, reason=reason, cancelled_at=at)
    return _moved(visit, VisitMove.CANCEL, at=at, by=By.AGENCY, reason=reason, event=event)


def replace(visit: Visit, *, revision: int, at: datetime) -> Change | None:
    """The visit was offered anew, and now the first shopper's report came too: it cannot count."""
    reason = f"offered anew as {visit.successor_id} before its report came"
    event = visit.says(VisitCancelled, reason=reason, cancelled_at=at)
    kept = {"report_revision": revision}
    return _moved(
        visit, VisitMove.REPLACE, at=at, by=By.TIME, reason=reason, kept=kept, event=event
    )


def expire(visit: Visit, *, at: datetime) -> Change | None:
    """The offer, or the time for the report, has run out. Raises IllegalMove."""
    event = visit.says(VisitExpired, expired_at=at)
    return _moved(visit, VisitMove.EXPIRE, at=at, by=By.TIME, event=event)


def report(visit: Visit, *, revision: int, submitted_at: datetime) -> Change | None:
    """A complete report is there; the rotation period counts from it."""
    kept = {
        "report_revision": revision, "reported_at": submitted_at, "rotation_at": submitted_at,
    }  # fmt: skip
    if visit.state is VisitState.REPORTED:
        return _kept(visit, kept)
    return _moved(visit, VisitMove.REPORT, at=submitted_at, by=By.SHOPPER, kept=kept)


def send_back(
    visit: Visit,
    *,
    revision: int,
    reason: str,
    question_ids: tuple[str, ...],
    at: datetime,
    seq: int,
) -> Change | None:
    """The reviewer returns the report; the days to correct it were agreed with the offer."""
    due_at = at + timedelta(days=visit.return_days)
    kept = {
        "due_at": due_at,
        "deadline_at": due_at + timedelta(hours=visit.late_hours),
        "marked_questions": list(question_ids),
        "judged_seq": seq,
    }
    event = visit.says(
        VisitReturned,
        report_revision=revision,
        reason=reason,
        question_ids=question_ids,
        due_at=due_at,
    )
    return _moved(
        visit, VisitMove.RETURN, at=at, by=By.REVIEWER, reason=reason, kept=kept, event=event
    )


def approve(visit: Visit, payout: Payout, *, at: datetime, by: By, seq: int) -> Change | None:
    """The report counts, and the shopper has earned the payout, unless it has been paid before."""
    paid_before = payout.state is PayoutState.PAID
    event = visit.says(
        PayoutDue,
        payout_id=payout.payout_id,
        shopper_id=visit.shopper_id,
        fee=payout.fee,
        reimbursement=payout.reimbursement,
        due_on=payout.due_on,
    )
    return _moved(
        visit,
        VisitMove.APPROVE,
        name="approve_paid" if paid_before else None,
        at=at,
        by=by,
        kept={"payout_id": payout.payout_id, "judged_seq": seq},
        event=None if paid_before else event,
    )


def unapprove(
    visit: Visit, payout: Payout, *, reason: str, at: datetime, seq: int
) -> Change | None:
    """The approval is taken back: the report waits for another word.

    The payout is withdrawn, unless it has been paid: then it stays so, and the agency sees it.
    """
    paid_before = payout.state is PayoutState.PAID
    event = visit.says(PayoutWithdrawn, payout_id=payout.payout_id, withdrawn_at=at)
    return _moved(
        visit,
        VisitMove.UNAPPROVE,
        name="unapprove_paid" if paid_before else None,
        at=at,
        by=By.REVIEWER,
        reason=reason,
        kept={"judged_seq": seq},
        event=None if paid_before else event,
    )


def reject(visit: Visit, *, reason: str, at: datetime, seq: int) -> Change | None:
    """The report does not count and nothing is paid."""
    kept = {"judged_seq": seq}
    return _moved(visit, VisitMove.REJECT, at=at, by=By.REVIEWER, reason=reason, kept=kept)


def paid(visit: Visit, *, payout_id: str, reference: str, at: datetime) -> Change:
    """The payout was paid; the visit's state stays."""
    event = visit.says(PayoutPaid, payout_id=payout_id, reference=reference, paid_at=at)
    step = _step("pay", visit.state, at=at, by=By.AGENCY, reason=None)
    return _kept(visit, {}, step=step, event=event)


def note(visit: Visit, *, what: str, at: datetime, by: By) -> Change | None:
    """Write down what came too late to change anything; the same words only once."""
    if any(step.move == "note" and step.reason == what for step in visit.history):
        return None
    return _kept(visit, {}, step=_step("note", visit.state, at=at, by=by, reason=what))


def _moved(
    visit: Visit,
    move: VisitMove,
    *,
    name: str | None = None,
    at: datetime,
    by: By,
    reason: str | None = None,
    kept: Mapping[str, Any] | None = None,
    event: VisitEvent | None = None,
) -> Change | None:
    """``name``: of the step in the history, if it is another than the move's."""
    state = next_state(visit.state, move)
    if state is None:
        return None
    fields = {"deadline_at": None, **(kept or {}), "state": state.value}
    step = _step(name or move, state, at=at, by=by, reason=reason)
    return _kept(visit, fields, step=step, event=event)


def _kept(
    visit: Visit,
    fields: Mapping[str, Any],
    *,
    step: Mapping[str, Any] | None = None,
    event: VisitEvent | None = None,
) -> Change:
    events = (event,) if event else ()
    update: dict[str, Any] = {
        "$set": {**fields, "version": visit.version + 1, "seq": visit.seq + len(events)}
    }
    if step:
        update["$push"] = {"history": step}
    where = {"_id": visit.visit_id, "chain_id": visit.chain_id, "version": visit.version}
    return Change(where, update, events)


def _step(
    move: str, state: VisitState, *, at: datetime, by: By, reason: str | None
) -> dict[str, Any]:
    return {
        "move": str(move), "state": state.value, "at": at, "by": by.value, "reason": reason
    }  # fmt: skip
