"""Scores a completed report: the document, its revision and the events that follow. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incognita_scoring.engine import ENGINE_VERSION, score_visit
from incognita_scoring.rules import ReviewState, Verb, state_by_rule
from incognita_scoring.score import DecidedBy, Decision, Revision, Score
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import ReportApproved, VisitScored
from incognita_shared.questionnaire.model import Questionnaire


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a completed report leads to; the events are in order."""

    score: Score
    revision: Revision
    events: tuple[VisitEvent, ...]


def score_report(
    report: ReportCompleted, questionnaire: Questionnaire, before: Score | None, at: datetime
) -> Outcome:
    """The next score revision of the visit, approved by rule or waiting for a reviewer."""
    found = _found(report, questionnaire, before, at)
    state = state_by_rule(report.findings, found["doubts"])
    approved = state is ReviewState.APPROVED
    seq = (before.seq if before else 0) + 1
    score = Score(
        **found,
        chain_id=report.chain_id,
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        programme_id=report.programme_id,
        shopper_id=report.shopper_id,
        channel=report.channel,
        scenario=report.scenario,
        visited_at=report.started_at,
        state=state,
        opened_at=at,
        decisions=before.decisions if before else (),
        seq=seq + approved,
    )
    events: tuple[VisitEvent, ...] = (_visit_scored(score, seq),)
    if approved:
        score = score.model_copy(update={"decisions": (*score.decisions, _by_rule(score, at))})
        events += (report_approved(score, seq=score.seq, by=DecidedBy.RULE, at=at),)
    reason = "report completed" if before is None else "report corrected"
    revision = Revision(
        **found, chain_id=report.chain_id, reason=reason, author="rule", answers=report.answers
    )
    return Outcome(score, revision, events)


def report_approved(score: Score, *, seq: int, by: DecidedBy, at: datetime) -> ReportApproved:
    """The event of an approval."""
    return ReportApproved(
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        seq=seq,
        report_revision=score.report_revision,
        score_revision=score.score_revision,
        score=score.score,
        passed=score.passed,
        critical_failed=score.critical_failed,
        approved_by=by,
        approved_at=at,
    )


def _found(
    report: ReportCompleted, questionnaire: Questionnaire, before: Score | None, at: datetime
) -> Mapping[str, Any]:
    visit = score_visit(questionnaire, report.answers)
    return {
        "visit_id": report.visit_id,
        "score_revision": (before.score_revision if before else 0) + 1,
        "report_revision": report.report_revision,
        "questionnaire_id": report.questionnaire_id,
        "questionnaire_version": report.questionnaire_version,
        "engine_version": ENGINE_VERSION,
        "score": visit.score,
        "passed": visit.passed,
        "critical_failed": visit.critical_failed,
        "sections": visit.sections,
        "questions": visit.questions,
        "hidden_questions": tuple(
            question.id
            for _, question in questionnaire.questions()
            if not question.visible_to_client
        ),
        "findings": report.findings,
        "doubts": visit.doubts,
        "scored_at": at,
    }


def _visit_scored(score: Score, seq: int) -> VisitScored:
    return VisitScored(
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        seq=seq,
        score_revision=score.score_revision,
        report_revision=score.report_revision,
        programme_id=score.programme_id,
        shopper_id=score.shopper_id,
        questionnaire_id=score.questionnaire_id,
        questionnaire_version=score.questionnaire_version,
        engine_version=score.engine_version,
        score=score.score,
        passed=score.passed,
        critical_failed=score.critical_failed,
        sections=score.sections,
        questions=score.questions,
        visited_at=score.visited_at,
        scored_at=score.scored_at,
    )


def _by_rule(score: Score, at: datetime) -> Decision:
    return Decision(
        verb=Verb.APPROVE,
        by=DecidedBy.RULE,
        key_id=None,
        text=None,
        report_revision=score.report_revision,
        score_revision=score.score_revision,
        decided_at=at,
    )
