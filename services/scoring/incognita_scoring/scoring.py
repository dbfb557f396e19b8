"""Scores a completed report: the document, its revision and the events that follow. Pure."""

from dataclasses import dataclass
from datetime import datetime

from incognita_scoring.corrected import Corrected, score_anew
from incognita_scoring.engine import ENGINE_VERSION
from incognita_scoring.rules import RejectReason, ReviewState, Verb, state_by_rule
from incognita_scoring.score import DecidedBy, Revision, Score, Scored
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import ReportApproved, ReportRejected, VisitScored
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a completed report leads to; the events are in order."""

    score: Score
    revision: Revision
    events: tuple[VisitEvent, ...]


def score_report(
    report: ReportCompleted,
    questionnaire: Questionnaire,
    before: Score | None,
    at: datetime,
    *,
    called_off: str | None = None,
    wave_version: Corrected | None = None,
) -> Outcome:
    """The next score revision of the visit, approved by rule or waiting for a reviewer.

    ``called_off`` is why its visit was cancelled, if it was: then it is rejected at once.
    ``wave_version`` is the corrected version by which a rescore has the wave's reports scored.
    """
    revision = _revision(report, questionnaire, before, at, wave_version)
    score = _score(report, revision, before)
    events: tuple[VisitEvent, ...] = (visit_scored(score, revision),)
    if called_off is not None:
        score, event = called_off_score(score, called_off, at)
        events += (event,)
    elif state_by_rule(report.findings, revision.doubts) is ReviewState.APPROVED:
        score = score.decided(Verb.APPROVE, by=DecidedBy.RULE, at=at)
        events += (report_approved(score, by=DecidedBy.RULE, at=at),)
    return Outcome(score, revision, events)


def called_off_score(score: Score, why: str, at: datetime) -> tuple[Score, ReportRejected]:
    """The score of a visit that was cancelled: rejected, whatever was decided before."""
    text = f"The visit was cancelled: {why}"
    code = RejectReason.CANCELLED
    after = score.decided(
        Verb.REJECT, by=DecidedBy.CANCELLATION, text=text, at=at, reason_code=code
    )
    return after, report_rejected(after, reason=text, at=at, code=code)


def visit_scored(score: Score, revision: Revision) -> VisitScored:
    """The event of the score's newest revision; its ``seq`` is that of ``score``."""
    return VisitScored(
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        seq=score.seq,
        score_revision=revision.score_revision,
        report_revision=revision.report_revision,
        programme_id=score.programme_id,
        shopper_id=score.shopper_id,
        questionnaire_id=revision.questionnaire_id,
        questionnaire_version=revision.questionnaire_version,
        engine_version=revision.engine_version,
        score=revision.score,
        passed=revision.passed,
        critical_failed=revision.critical_failed,
        sections=revision.sections,
        stages=revision.stages,
        questions=revision.questions,
        reason=revision.reason,
        author=revision.author,
        visited_at=score.visited_at,
        scored_at=revision.scored_at,
    )


def context_of(score: Score, revision: Revision) -> Context:
    """What conditions may ask, of a report that was scored before."""
    return Context(
        branch=revision.branch,
        visit={"scenario": score.scenario, "channel": score.channel.value},
        now=revision.handed_in_at,
        today=revision.today,
    )


def report_rejected(
    score: Score, *, reason: str, at: datetime, code: RejectReason
) -> ReportRejected:
    """The event of a rejection, from the score as it is after it."""
    return ReportRejected(
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        seq=score.seq,
        report_revision=score.report_revision,
        reason=reason,
        reason_code=code,
        rejected_at=at,
    )


def report_approved(score: Score, *, by: DecidedBy, at: datetime) -> ReportApproved:
    """The event of an approval, from the score as it is after it."""
    return ReportApproved(
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        seq=score.seq,
        report_revision=score.report_revision,
        score_revision=score.score_revision,
        score=score.score,
        passed=score.passed,
        critical_failed=score.critical_failed,
        approved_by=by,
        approved_at=at,
    )


def _revision(
    report: ReportCompleted,
    questionnaire: Questionnaire,
    before: Score | None,
    at: datetime,
    wave_version: Corrected | None,
) -> Revision:
    context = report.context
    corrected = wave_version or Corrected(report.questionnaire_version, questionnaire, None)
    visit, _ = score_anew(corrected, report.answers, context)
    return Revision(
        visit_id=report.visit_id,
        chain_id=report.chain_id,
        score_revision=(before.score_revision if before else 0) + 1,
        report_revision=report.report_revision,
        questionnaire_id=report.questionnaire_id,
        questionnaire_version=corrected.version,
        asked_version=report.questionnaire_version if wave_version else None,
        engine_version=ENGINE_VERSION,
        score=visit.score,
        passed=visit.passed,
        critical_failed=visit.critical_failed,
        findings=report.findings,
        doubts=visit.doubts,
        scored_at=at,
        sections=visit.sections,
        questions=visit.questions,
        hidden_questions=tuple(
            question.id
            for _, question in corrected.questionnaire.questions()
            if not question.visible_to_client
        ),
        answers=report.answers,
        branch=report.branch,
        handed_in_at=context.now,
        today=context.today,
        stages=visit.stages,
        ratings=visit.ratings,
        reason="report corrected" if before else "report completed",
        author=DecidedBy.RULE,
    )


def _score(report: ReportCompleted, revision: Revision, before: Score | None) -> Score:
    """The score as it waits for a decision."""
    return Score(
        **{name: getattr(revision, name) for name in Scored.model_fields},
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        programme_id=report.programme_id,
        shopper_id=report.shopper_id,
        channel=report.channel,
        scenario=report.scenario,
        visited_at=report.started_at,
        state=ReviewState.WAITING,
        opened_at=revision.scored_at,
        decisions=before.decisions if before else (),
        seq=(before.seq if before else 0) + 1,
    )
