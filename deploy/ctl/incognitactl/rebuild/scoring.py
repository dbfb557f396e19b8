"""Scores from what evidence and scoring have said.

A score is not computed again: what scoring said of it then is the truth, whatever engine made it.
The report adds answers, findings and circumstances; the questionnaire which questions are hidden;
the engine only doubts and ratings, which no event names. What no topic has is taken from what the
database still has (``known.py``).
"""

from incognita_scoring.corrected import Corrected
from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import (
    read_revision,
    revision_document,
)
from incognita_scoring.repository.projections import (
    find_called_off,
    find_score,
    keep_called_off,
    wave_end,
)
from incognita_scoring.repository.questionnaires import find_for_event
from incognita_scoring.rescoring.anew import next_revision
from incognita_scoring.review_queue import placed, queued
from incognita_scoring.rules import OPEN, ReviewState
from incognita_scoring.score import Revision, Score, Scored
from incognita_scoring.scoring import score_report
from incognita_shared.events.assignment import VisitCancelled
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
    VisitScored,
)
from incognita_shared.kafka.incoming import Handlers, NotReady, Reads, Received
from incognita_shared.mongo.work import Work
from incognitactl.rebuild.decisions import (
    on_appeal,
    on_report_approved,
    on_report_rejected,
    on_report_returned,
    on_report_unapproved,
    save_score,
)
from incognitactl.rebuild.known import (
    KNOWN_REVISIONS,
    KNOWN_SCORES,
    as_known,
    check_may_be_unknown,
    known_of,
    known_revision,
)
from incognitactl.services import code_of

REPORTS = "completed_reports"
SAID = (
    "score", "passed", "critical_failed", "engine_version", "sections", "stages", "questions",
    "score_revision", "reason", "author",
)  # fmt: skip
"""What a score revision says of itself, on its topic and in its document alike."""


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
    report, versions = await _report_of(work, event)
    if before is None or event.report_revision > before.report_revision:
        score, revision = await _first(work, event, report, versions, before)
    else:
        score, revision = await _further(work, event, versions, before)
    revision = revision.model_copy(update={name: getattr(event, name) for name in SAID})
    said = {name: getattr(revision, name) for name in Scored.model_fields}
    score = score.model_copy(update={**said, "seq": event.seq})
    save_score(work, as_known(await known_of(work, event.visit_id), score))
    document = revision_document(revision)
    work.replace(REVISIONS, {"_id": document["_id"]}, document)


async def _report_of(work: Work, event: VisitScored) -> tuple[ReportCompleted, Corrected]:
    """The report, with the version that scored it and the one that was answered."""
    found = await work.find_one(REPORTS, {"_id": f"{event.visit_id}:{event.report_revision}"})
    questionnaire = await find_for_event(
        work, event.chain_id, event.questionnaire_id, event.questionnaire_version
    )
    if found is None or questionnaire is None:
        raise NotReady(f"the report or the questionnaire of {event.visit_id} is not there")
    report, asked = ReportCompleted.model_validate_json(found["body"]), None
    if report.questionnaire_version != event.questionnaire_version:
        asked = await find_for_event(
            work, event.chain_id, report.questionnaire_id, report.questionnaire_version
        )
    return report, Corrected(event.questionnaire_version, questionnaire, asked)


async def _first(
    work: Work,
    event: VisitScored,
    report: ReportCompleted,
    versions: Corrected,
    before: Score | None,
) -> tuple[Score, Revision]:
    """The first score of a report. One that was decided at once has no place in the queue."""
    outcome = score_report(
        report,
        versions.questionnaire,
        before,
        event.scored_at,
        called_off=await find_called_off(work, event.visit_id),
        wave_version=versions if versions.asked else None,
    )
    waits = outcome.score.state in OPEN
    ends_at = await wave_end(work, event.wave_id) if waits else None
    score = queued(outcome.score, before, wave_ends_at=ends_at)
    decisions = before.decisions if before else ()
    waiting = {"state": ReviewState.WAITING, "decisions": decisions}
    return score.model_copy(update=waiting), outcome.revision


async def _further(
    work: Work, event: VisitScored, versions: Corrected, before: Score
) -> tuple[Score, Revision]:
    """A further score of the same report: by a rescore, a correction or an appeal."""
    revision = await known_revision(work, f"{event.visit_id}:{event.score_revision}")
    if revision is None:
        if versions.version == before.questionnaire_version:  # else it is a rescore of the same
            what = f"what revision {event.score_revision} of {event.visit_id} was made from"
            await check_may_be_unknown(work, what)
        last = await work.find_one(REVISIONS, {"_id": before.revision_id})
        if last is None:
            raise NotReady(f"revision {before.revision_id} is not there")
        revision = next_revision(
            before,
            read_revision(last),
            versions,
            reason=event.reason,
            author=event.author,
            at=event.scored_at,
        )
    if before.state not in OPEN:
        return before, revision
    lapsed = {"state": ReviewState.WAITING, "endorsed_by": None, "second_grounds": ()}
    after = {name: getattr(revision, name) for name in Scored.model_fields}
    return placed(before.model_copy(update=after | lapsed)), revision


HANDLERS: Handlers = {
    **code_of("scoring").handlers,
    VisitCancelled: on_visit_cancelled,
    ReportCompleted: on_report_completed,
    VisitScored: on_visit_scored,
    ReportApproved: on_report_approved,
    ReportReturned: on_report_returned,
    ReportRejected: on_report_rejected,
    ReportUnapproved: on_report_unapproved,
    AppealOpened: on_appeal,
    AppealDecided: on_appeal,
}


def _read_for_score(event: VisitScored) -> list[tuple[str, str]]:
    return [
        (SCORES, event.visit_id),
        (REPORTS, f"{event.visit_id}:{event.report_revision}"),
        (KNOWN_SCORES, event.visit_id),
        (KNOWN_REVISIONS, f"{event.visit_id}:{event.score_revision}"),
    ]


def _read_for_decision(event: VisitEvent) -> list[tuple[str, str]]:
    return [(SCORES, event.visit_id), (KNOWN_SCORES, event.visit_id)]


READS: Reads = {
    VisitScored: _read_for_score,
    **dict.fromkeys(
        (ReportApproved, ReportReturned, ReportRejected, ReportUnapproved, AppealOpened,
         AppealDecided),
        _read_for_decision,
    ),
}  # fmt: skip
