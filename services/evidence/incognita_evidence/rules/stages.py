"""Visits in stages: each is handed in by itself, and the report is whole with the last. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from incognita_evidence.report import Report, ReportState
from incognita_evidence.rules.findings import ON_THE_SPOT
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
    """The draft, with the answers of stages that are handed in as they were.

    Of a report that was returned the draft may change any stage; one of which it says nothing
    stays.
    """
    answers = dict(draft)
    for stage in report.stages:
        own = set(_names(questionnaire, stage.stage_id))
        if report.state is ReportState.OPEN and not own.isdisjoint(draft):
            continue
        answers = {name: answer for name, answer in answers.items() if name not in own}
        answers |= {name: answer for name, answer in report.answers.items() if name in own}
    return answers


def merged(
    before: Mapping[str, Any], given: Mapping[str, Any], questionnaire: Questionnaire, stage_id: str
) -> dict[str, Any]:
    """The answers of the other stages as they were, and those given of this one.

    What is given of another stage never takes the place of its answers; it stays beside them under
    ``<stage id>:<question id>``, which is no question and so is found.
    """
    own = set(_names(questionnaire, stage_id))
    astray = f"{stage_id}:"
    kept = {
        name: answer
        for name, answer in before.items()
        if name not in own and not name.startswith(astray)
    }
    others = {name for name in _known(questionnaire) if name not in own}
    return kept | {
        f"{astray}{name}" if name in others else name: answer for name, answer in given.items()
    }


def of_other_stages(
    given: Mapping[str, Any], questionnaire: Questionnaire, stage_id: str
) -> list[AnswerError]:
    """Answers that do not belong to the stage."""
    own = set(_names(questionnaire, stage_id))
    known = _known(questionnaire)
    return [
        AnswerError(name, f"is not asked in the stage {stage_id}", "unknown")
        for name in given
        if name in known and name not in own
    ]


def of_this_submission(
    errors: Sequence[AnswerError],
    before: Collection[AnswerError],
    given: Mapping[str, Any],
    questionnaire: Questionnaire,
    stage_id: str,
) -> list[AnswerError]:
    """What is wrong with the stage, or by it; not what was wrong with others before.

    A stage that a phone handed in is taken with its mistakes, and the next must not fail by them.
    """
    own = {*_names(questionnaire, stage_id), *given}
    return [each for each in errors if each not in before or _root(each.question_id) in own]


def made_at(
    report: Report, stage_ids: tuple[str, ...], *, ended_at: datetime, at: datetime
) -> datetime:
    """When the report is made, with these stages handed in at ``at``: as its last stage ends."""
    others = [each.ended_at for each in report.stages if each.stage_id not in stage_ids]
    return min(at, max([ended_at, *others]))


def from_anywhere(questionnaire: Questionnaire) -> frozenset[str]:
    """The questions of stages that have no place: a call, an e-mail, a web order."""
    return frozenset(
        question.id
        for section, question in questionnaire.questions()
        if (stage := questionnaire.stage_of(section)) and stage.channel not in ON_THE_SPOT
    )


def has_place(questionnaire: Questionnaire, stage_id: str | None) -> bool:
    """Whether a position that comes with the stage is one of the branch."""
    return all(
        stage.channel in ON_THE_SPOT for stage in questionnaire.stages if stage.id == stage_id
    )


def stage_findings(report: Report, visit: Visit) -> Iterator[Finding]:
    """Stages that took place outside of what was agreed.

    Of stages that were handed in as one only the time of all together is known: such a stage is
    early or late where all of that time is.
    """
    agreed = {each.stage_id: each for each in visit.stages}
    times = Counter(map(_times, report.stages))
    for stage in report.stages:
        terms = agreed.get(stage.stage_id)
        if terms is None:
            continue
        together = times[_times(stage)] > 1
        begun = stage.ended_at if together else stage.started_at
        done = stage.started_at if together else stage.ended_at
        if begun < terms.opens_at:
            yield _finding("early_stage", stage.stage_id, begun, terms.opens_at)
        if done > terms.due_at:
            yield _finding("late_stage", stage.stage_id, done, terms.due_at)


def _times(stage: StageTimes) -> tuple[datetime, datetime, datetime]:
    return stage.started_at, stage.ended_at, stage.submitted_at


def _finding(code: str, stage_id: str, was: datetime, limit: datetime) -> Finding:
    how = "before it opened" if code == "early_stage" else "after it was due"
    detail = f"stage {stage_id}: {was.isoformat()}, {how} at {limit.isoformat()}"
    return Finding(code=code, severity=Severity.MINOR, detail=detail)


def _known(questionnaire: Questionnaire) -> set[str]:
    return {*questionnaire.by_id, *questionnaire.repeated}


def _root(question_id: str) -> str:
    """The question or the repeated section that an error is about."""
    return question_id.partition("[")[0]


def _names(questionnaire: Questionnaire, stage_id: str) -> Iterator[str]:
    for section in questionnaire.sections:
        if section.stage_id == stage_id:
            yield section.id
            yield from (question.id for question in section.questions)
