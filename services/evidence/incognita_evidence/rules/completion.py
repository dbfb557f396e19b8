"""When a submitted report is complete, and what is said then."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from incognita_evidence import said
from incognita_evidence.report import Missing, Report, ReportState, SubmitAnswer
from incognita_evidence.rules import findings, retention, stages
from incognita_evidence.rules.evidence_rules import rule_findings
from incognita_evidence.rules.findings import Limits
from incognita_evidence.rules.requirements import missing_evidence, unexplained
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import ReportCompleted, ReportFlagged, Severity
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.questionnaire.reevaluation import findings_of
from incognita_shared.values import EvidenceKind

Said = tuple[ReportCompleted | ReportFlagged, ...]


def still_missing(report: Report, visit: Visit, read: ReadAnswers) -> tuple[Missing, ...]:
    """What terms and questionnaire ask for, with these answers, and is not stored.

    As long as stages are to come, only what those that were handed in ask for.
    """
    stored = report.proved
    so_far = stages.asked(report, read.questionnaire)
    agreed = visit.evidence if so_far is None else ()
    return missing_evidence(agreed, read.required_evidence(so_far), stored)


def settle(
    report: Report,
    visit: Visit,
    read: ReadAnswers,
    *,
    elsewhere: Mapping[str, Sequence[str]],
    at: datetime,
    limits: Limits,
    bucket: str,
    retention_days: int | None = None,
) -> tuple[Report, Said]:
    """Complete a submitted report if nothing is missing that the shopper has not explained.

    ``read``: the report's answers; ``retention_days``: how long items are kept of which no question
    says so. ``report.completed``, and ``report.flagged`` when a finding asks
    for a reviewer.
    """
    missing = still_missing(report, visit, read)
    left = unexplained(missing, report.missing_evidence_reasons)
    to_come = stages.outstanding(report, read.questionnaire)
    if left or to_come:
        return _answered(report, ReportState.INCOMPLETE, left, to_come), ()
    found = findings.find(
        report,
        visit,
        missing=missing,
        position_required=_position_required(read.questionnaire),
        elsewhere=elsewhere,
        at=at,
        limits=limits,
        from_anywhere=stages.from_anywhere(read.questionnaire),
    )
    found = (
        *found,
        *stages.stage_findings(report, visit),
        *rule_findings(report, read.questionnaire),
        *findings_of(read),
        *report.noted,
    )
    grave = tuple(each for each in found if each.severity is not Severity.INFO)
    report = report.model_copy(
        update={
            "findings": found,
            "flagged": bool(grave),
            "completed_at": at,
            "given_up_at": None,
        }
    )
    report = _answered(report, ReportState.COMPLETED, ())
    report = retention.dated(report, read.questionnaire, at=at, default_days=retention_days)
    events: Said = (said.completed(report, visit, seq=report.seq + 1, bucket=bucket),)
    if grave:
        events = (*events, said.flagged(report, grave, seq=report.seq + 2, at=at))
    return report.model_copy(update={"seq": report.seq + len(events)}), events


def _answered(
    report: Report,
    state: ReportState,
    missing: tuple[Missing, ...],
    missing_stages: tuple[str, ...] = (),
) -> Report:
    """The report in ``state``; submissions of what it now holds are answered so when repeated."""
    answer = SubmitAnswer(
        visit_id=report.id,
        state=state,
        report_revision=report.revision,
        missing=missing,
        missing_stages=missing_stages,
    )
    submissions = tuple(
        each.model_copy(update={"answer": answer})
        if each.content_sha256 == report.content_sha256
        and each.answer.report_revision == report.revision
        else each
        for each in report.submissions
    )
    return report.model_copy(update={"state": state, "submissions": submissions})


def _position_required(questionnaire: Questionnaire) -> frozenset[tuple[str | None, EvidenceKind]]:
    return frozenset(
        (question.id, rule.kind)
        for question in questionnaire.with_evidence
        for rule in question.evidence
        if rule.position_required
    )
