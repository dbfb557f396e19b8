"""Visits in stages: each is handed in by itself, and the report is whole with the last. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from incognita_evidence.report import Report
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import Finding, Severity, StageTimes
from incognita_shared.questionnaire.answers import AnswerError
from incognita_shared.questionnaire.model import Questionnaire


def named(questionnaire: Questionnaire, stage_id: str | None) -> tuple[str, ...]:
    """The stages that a submission hands in: the one that it names, or all. Raises LookupError."""
    stages = tuple(stage.id for stage in questionnaire.stages)
    if stage_id is None:
        return stages
    if stage_id not in stages:
        raise LookupError(stage_id)
    return (stage_id,)


def handed_in(
    report: Report,
    stage_ids: tuple[str, ...],
    *,
    started_at: datetime,
    ended_at: datetime,
    at: datetime,
) -> Report:
    """The report with these stages; one that was handed in before is replaced."""
    others = tuple(each for each in report.stages if each.stage_id not in stage_ids)
    new = tuple(
        StageTimes(stage_id=each, started_at=started_at, ended_at=ended_at, submitted_at=at)
        for each in stage_ids
    )
    return report.model_copy(update={"stages": (*others, *new)})


def outstanding(report: Report, questionnaire: Questionnaire) -> tuple[str, ...]:
    """The stages that are still to come, in order."""
    there = {each.stage_id for each in report.stages}
    return tuple(stage.id for stage in questionnaire.stages if stage.id not in there)


def asked(report: Report, questionnaire: Questionnaire) -> frozenset[str | None] | None:
    """The stages whose questions must be answered by now; None: all of the questionnaire."""
    if not outstanding(report, questionnaire):
        return None
    return frozenset(each.stage_id for each in report.stages)


def asked_after(
    report: Report, questionnaire: Questionnaire, stage_ids: tuple[str, ...]
) -> frozenset[str | None] | None:
    """The same once these stages are handed in too."""
    there = frozenset[str | None](each.stage_id for each in report.stages).union(stage_ids)
    return None if there.issuperset(stage.id for stage in questionnaire.stages) else there


def drafted(
    report: Report, draft: Mapping[str, Any], questionnaire: Questionnaire
) -> dict[str, Any]:
    """The draft, with the answers of stages that are handed in as they were."""
    answers = dict(draft)
    for stage in report.stages:
        own = set(_names(questionnaire, stage.stage_id))
        answers = {name: answer for name, answer in answers.items() if name not in own}
        answers |= {name: answer for name, answer in report.answers.items() if name in own}
    return answers


def merged(
    before: Mapping[str, Any], given: Mapping[str, Any], questionnaire: Questionnaire, stage_id: str
) -> dict[str, Any]:
    """The answers of the other stages as they were, and those given of this one."""
    own = set(_names(questionnaire, stage_id))
    return {name: answer for name, answer in before.items() if name not in own} | dict(given)


def of_other_stages(
    given: Mapping[str, Any], questionnaire: Questionnaire, stage_id: str
) -> list[AnswerError]:
    """Answers that do not belong to the stage."""
    own = set(_names(questionnaire, stage_id))
    known = {*questionnaire.by_id, *questionnaire.repeated}
    return [
        AnswerError(name, f"is not asked in the stage {stage_id}", "unknown")
        for name in given
        if name in known and name not in own
    ]


def stage_findings(report: Report, visit: Visit) -> Iterator[Finding]:
    """Stages that took place outside of what was agreed."""
    agreed = {each.stage_id: each for each in visit.stages}
    for stage in report.stages:
        terms = agreed.get(stage.stage_id)
        if terms is None:
            continue
        if stage.started_at < terms.opens_at:
            yield _finding("early_stage", stage.stage_id, stage.started_at, terms.opens_at)
        if stage.ended_at > terms.due_at:
            yield _finding("late_stage", stage.stage_id, stage.ended_at, terms.due_at)


def _finding(code: str, stage_id: str, was: datetime, limit: datetime) -> Finding:
    how = "before it opened" if code == "early_stage" else "after it was due"
    detail = f"stage {stage_id}: {was.isoformat()}, {how} at {limit.isoformat()}"
    return Finding(code=code, severity=Severity.MINOR, detail=detail)


def _names(questionnaire: Questionnaire, stage_id: str) -> Iterator[str]:
    for section in questionnaire.sections:
        if section.stage_id == stage_id:
            yield section.id
            yield from (question.id for question in section.questions)
