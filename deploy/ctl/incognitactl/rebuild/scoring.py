"""Scores from what evidence and scoring have said.

A score is not computed again: what scoring said of it then is the truth, whatever engine made it.
The report adds answers, findings and circumstances; the questionnaire which questions are hidden;
the engine only the doubts, which no event names. What no topic has is which reviewer decided and
the note to an approval: they are taken from the decisions that the database still has.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import revision_document, score_document
from incognita_scoring.repository.projections import (
    find_called_off,
    find_score,
    keep_called_off,
)
from incognita_scoring.repository.questionnaires import find_for_event
from incognita_scoring.rules import ReviewState, Verb
from incognita_scoring.score import DecidedBy, Score
from incognita_scoring.scoring import score_report
from incognita_shared.events.assignment import VisitCancelled
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import (
    ReportApproved,
    ReportRejected,
    ReportReturned,
    VisitScored,
)
from incognita_shared.kafka.incoming import Handlers, NotReady, Reads, Received
from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.work import Work
from incognitactl.services import code_of

REPORTS = "completed_reports"
DECISIONS = "known_decisions"
WITHOUT_REVIEWERS = "without_reviewers"
BATCH_DOCUMENTS = 1_000
NO_EVENTS = {"pending": [], "has_pending": False, "relay_bucket": 0}
SAID = ("score", "passed", "critical_failed", "engine_version")
"""What a score revision says of itself, on its topic and in its document alike."""


class ReviewerUnknown(Exception):
    """A reviewer's decision that the database does not have, so that nobody knows whose it was."""


async def keep_decisions(db: Database, staging: Database, *, without_reviewers: bool) -> None:
    """Put aside, for the handlers, who made those decisions that were not made by rule."""
    kept: list[Document] = [{"_id": WITHOUT_REVIEWERS}] if without_reviewers else []
    not_by_rule = {"decisions.by": {"$in": [DecidedBy.REVIEWER, DecidedBy.CANCELLATION]}}
    async for found in db[SCORES].find(not_by_rule, {"decisions": 1}):
        kept.append(found)
        if len(kept) == BATCH_DOCUMENTS:
            await _put_aside(staging, kept)
            kept = []
    await _put_aside(staging, kept)


async def _put_aside(staging: Database, documents: Sequence[Document]) -> None:
    if documents:
        await staging[DECISIONS].bulk_write(
            [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents]
        )


async def on_visit_cancelled(received: Received[VisitCancelled], work: Work) -> None:
    """Remember it; what came of it scoring has said itself."""
    keep_called_off(work, received.event)


async def on_report_completed(received: Received[ReportCompleted], work: Work) -> None:
    """Keep the report for its score."""
    event = received.event
    work.replace(
        REPORTS,
        {"_id": f"{event.visit_id}:{event.report_revision}"},
        {"body": event.model_dump_json()},
    )


async def on_visit_scored(received: Received[VisitScored], work: Work) -> None:
    """The next revision, with the points that were said."""
    event = received.event
    before = await find_score(work, event.visit_id)
    if before is not None and before.seq >= event.seq:
        return
    found = await work.find_one(REPORTS, {"_id": f"{event.visit_id}:{event.report_revision}"})
    questionnaire = await find_for_event(
        work, event.chain_id, event.questionnaire_id, event.questionnaire_version
    )
    if found is None or questionnaire is None:
        raise NotReady(f"the report or the questionnaire of {event.visit_id} is not there")
    report = ReportCompleted.model_validate_json(found["body"])
    outcome = score_report(report, questionnaire, before, event.scored_at)
    said = {name: getattr(event, name) for name in SAID}
    revision = outcome.revision.model_copy(
        update={
            **said,
            "sections": event.sections,
            "questions": event.questions,
            "score_revision": event.score_revision,
        }
    )
    score = outcome.score.model_copy(
        update={
            **said,
            "score_revision": event.score_revision,
            "state": ReviewState.WAITING,
            "decisions": before.decisions if before else (),
            "seq": event.seq,
        }
    )
    await _save(work, score)
    document = revision_document(revision)
    work.replace(REVISIONS, {"_id": document["_id"]}, document)


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """The decision, by rule or by a reviewer."""
    event = received.event
    await _decide(work, event, Verb.APPROVE, by=event.approved_by, at=event.approved_at, text=None)


async def on_report_returned(received: Received[ReportReturned], work: Work) -> None:
    """A reviewer's decision."""
    event = received.event
    await _decide(work, event, Verb.RETURN, by=None, at=event.returned_at, text=event.reason)


async def on_report_rejected(received: Received[ReportRejected], work: Work) -> None:
    """A reviewer's decision, or that of a cancellation."""
    event = received.event
    await _decide(work, event, Verb.REJECT, by=None, at=event.rejected_at, text=event.reason)


async def _decide(
    work: Work,
    event: ReportApproved | ReportReturned | ReportRejected,
    verb: Verb,
    *,
    by: str | None,
    at: datetime,
    text: str | None,
) -> None:
    score = await find_score(work, event.visit_id)
    if score is None:
        raise NotReady(f"no score of {event.visit_id} is there")
    if score.seq >= event.seq:
        return
    known = await _known(work, event.visit_id, verb, event.report_revision, at)
    if known is None:
        known = await _without_reviewer(work, score, by=by, text=text)
    decided = score.decided(
        verb, by=DecidedBy(known["by"]), at=at, key_id=known["key_id"], text=known["text"]
    )
    await _save(work, decided.model_copy(update={"seq": event.seq}))


async def _known(
    work: Work, visit_id: str, verb: Verb, report_revision: int, at: datetime
) -> Mapping[str, Any] | None:
    found = await work.find_one(DECISIONS, {"_id": visit_id})
    for each in (found or {}).get("decisions", ()):
        same = (each["verb"], each["report_revision"], each["decided_at"])
        if same == (verb.value, report_revision, at):
            return dict(each)
    return None


async def _without_reviewer(
    work: Work, score: Score, *, by: str | None, text: str | None
) -> Mapping[str, Any]:
    """The decision as far as the topics tell it. Raises ReviewerUnknown if that is not enough."""
    if by == DecidedBy.RULE:
        return {"by": by, "key_id": None, "text": None}
    why = await find_called_off(work, score.visit_id)
    if why is not None and text == f"The visit was cancelled: {why}":
        return {"by": DecidedBy.CANCELLATION, "key_id": None, "text": text}
    if await work.find_one(DECISIONS, {"_id": WITHOUT_REVIEWERS}) is None:
        raise ReviewerUnknown(
            f"who decided about visit {score.visit_id} is on no topic, and the database does not "
            "have it: restore a backup first, or give --without-reviewers"
        )
    return {"by": DecidedBy.REVIEWER, "key_id": None, "text": text}


async def _save(work: Work, score: Score) -> None:
    document = {"_id": score.visit_id, **score_document(score), **NO_EVENTS}
    work.replace(SCORES, {"_id": score.visit_id}, document)


HANDLERS: Handlers = {
    **code_of("scoring").handlers,
    VisitCancelled: on_visit_cancelled,
    ReportCompleted: on_report_completed,
    VisitScored: on_visit_scored,
    ReportApproved: on_report_approved,
    ReportReturned: on_report_returned,
    ReportRejected: on_report_rejected,
}


def _read_for_score(event: VisitScored) -> list[tuple[str, str]]:
    return [(SCORES, event.visit_id), (REPORTS, f"{event.visit_id}:{event.report_revision}")]


def _read_for_decision(event: VisitEvent) -> list[tuple[str, str]]:
    return [(SCORES, event.visit_id), (DECISIONS, event.visit_id)]


READS: Reads = {
    VisitScored: _read_for_score,
    ReportApproved: _read_for_decision,
    ReportReturned: _read_for_decision,
    ReportRejected: _read_for_decision,
}
