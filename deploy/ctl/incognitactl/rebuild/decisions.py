"""What was decided about scores, from what scoring has said."""

from datetime import datetime
from typing import Any

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import score_document
from incognita_scoring.repository.projections import find_called_off, find_score
from incognita_scoring.review_queue import placed
from incognita_scoring.rules import RejectReason, Verb
from incognita_scoring.score import DecidedBy, Decision, Score
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
)
from incognita_shared.kafka.incoming import NotReady, Received
from incognita_shared.mongo.work import Work
from incognitactl.rebuild.known import (
    as_known,
    check_may_be_unknown,
    known_decision,
    known_of,
)

NO_EVENTS = {"pending": [], "has_pending": False, "relay_bucket": 0}


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """The decision, by rule, by a reviewer, or with a rescore or an appeal."""
    event = received.event
    await _decide(work, event, Verb.APPROVE, by=event.approved_by, at=event.approved_at)


async def on_report_returned(received: Received[ReportReturned], work: Work) -> None:
    """A reviewer's decision."""
    event = received.event
    await _decide(
        work, event, Verb.RETURN, at=event.returned_at, text=event.reason,
        question_ids=event.question_ids,
    )  # fmt: skip


async def on_report_rejected(received: Received[ReportRejected], work: Work) -> None:
    """A reviewer's decision, or that of a cancellation."""
    event = received.event
    code = None if event.reason_code is None else RejectReason(event.reason_code)
    await _decide(
        work, event, Verb.REJECT, at=event.rejected_at, text=event.reason, reason_code=code
    )


async def on_report_unapproved(received: Received[ReportUnapproved], work: Work) -> None:
    """The agency's decision: the report waits again, from then on."""
    event = received.event
    await _decide(work, event, Verb.UNAPPROVE, at=event.unapproved_at, text=event.reason)


async def on_appeal(received: Received[AppealOpened] | Received[AppealDecided], work: Work) -> None:
    """The appeal itself is kept elsewhere; it has a number among the visit's events."""
    event = received.event
    score = await _score_of(work, event)
    if score.seq < event.seq:
        save_score(work, score.model_copy(update={"seq": event.seq}))


async def _decide(
    work: Work,
    event: ReportApproved | ReportReturned | ReportRejected | ReportUnapproved,
    verb: Verb,
    *,
    at: datetime,
    by: str | None = None,
    text: str | None = None,
    reason_code: RejectReason | None = None,
    question_ids: tuple[str, ...] = (),
) -> None:
    score = await _score_of(work, event)
    if score.seq >= event.seq:
        return
    known = await known_of(work, event.visit_id)
    made = known_decision(known, verb, event.report_revision, at)
    told = {"reason_code": reason_code, "question_ids": question_ids}
    decider = made or await _without_reviewer(work, score, by=by, text=text, **told)
    decided = score.decided(
        verb,
        by=decider.by,
        at=at,
        key_id=decider.key_id,
        text=decider.text,
        reason_code=decider.reason_code,
        question_ids=decider.question_ids,
    )
    if made is not None:  # also since when it had waited, which follows from more than is said
        decided = decided.model_copy(update={"decisions": (*score.decisions, made)})
    if verb is Verb.UNAPPROVE:
        decided = placed(decided.model_copy(update={"opened_at": at, "second_grounds": ()}))
    save_score(work, as_known(known, decided.model_copy(update={"seq": event.seq})))


async def _score_of(work: Work, event: VisitEvent) -> Score:
    score = await find_score(work, event.visit_id)
    if score is None:
        raise NotReady(f"no score of {event.visit_id} is there")
    return score


async def _without_reviewer(
    work: Work, score: Score, *, by: str | None, text: str | None, **told: Any
) -> Decision:
    """The decision as far as the topics tell it. Raises ReviewerUnknown if that is not enough."""
    decider, key_id = DecidedBy(by) if by in set(DecidedBy) else DecidedBy.REVIEWER, None
    why = await find_called_off(work, score.visit_id)
    if why is not None and text == f"The visit was cancelled: {why}":
        decider = DecidedBy.CANCELLATION
    elif decider is DecidedBy.RESCORE:  # its revision tells
        revision = await work.find_one(REVISIONS, {"_id": score.revision_id}) or {}
        key_id, text = revision.get("author"), revision.get("reason")
    elif decider is not DecidedBy.RULE:
        await check_may_be_unknown(work, f"who decided about visit {score.visit_id}")
    return Decision(
        verb=Verb.APPROVE,
        by=decider,
        key_id=key_id,
        text=text,
        report_revision=score.report_revision,
        score_revision=score.score_revision,
        decided_at=score.scored_at,
        **told,
    )


def save_score(work: Work, score: Score) -> None:
    """The score, with nothing that is still to be said."""
    document = {"_id": score.visit_id, **score_document(score), **NO_EVENTS}
    work.replace(SCORES, {"_id": score.visit_id}, document)
