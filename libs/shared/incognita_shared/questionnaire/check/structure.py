"""Sections, stages, repetitions and what questions say of each other fit together."""

from collections.abc import Iterator

from incognita_shared.questionnaire.model import (
    Question,
    Questionnaire,
    Section,
    Stage,
    Subject,
)


def structure_problems(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    """Path and cause of each problem."""
    yield from _stage_problems(questionnaire)
    for number, section in enumerate(questionnaire.sections):
        path = f"sections.{number}"
        if section.stage_id is not None and questionnaire.stage_of(section) is None:
            yield f"{path}.stage_id", f"names {section.stage_id}, which is no stage here"
        if section.stage_id is None and questionnaire.stages:
            yield f"{path}.stage_id", "is needed, as the questionnaire has stages"
        yield from _repeat_problems(path, section, questionnaire)
        for place, question in enumerate(section.questions):
            for cause in _comparison_problems(question, section, questionnaire):
                yield f"{path}.questions.{place}.compares", cause


def _stage_problems(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    used = {section.stage_id for section in questionnaire.sections}
    for number, stage in enumerate(questionnaire.stages):
        path = f"stages.{number}"
        if stage.id in {other.id for other in questionnaire.stages[:number]}:
            yield f"{path}.id", f"the stage {stage.id} is there twice"
        if stage.id not in used:
            yield path, "has no section"
        yield from ((f"{path}.due_after_days", cause) for cause in _window_problems(stage))


def _window_problems(stage: Stage) -> Iterator[str]:
    opens, due = stage.opens_after_days, stage.due_after_days
    if due is not None and due < (opens or 0):
        yield "is before the stage opens"


def _repeat_problems(
    path: str, section: Section, questionnaire: Questionnaire
) -> Iterator[tuple[str, str]]:
    if section.repeat is None:
        return
    if section.repeat.minimum > section.repeat.maximum:
        yield f"{path}.repeat.minimum", "is above maximum"
    if section.id in questionnaire.by_id:
        yield f"{path}.id", "is a question's id too; the answers of a repeated section stand here"
    if "." in section.id or "[" in section.id:
        yield f"{path}.id", "has a dot or a bracket, which part the steps of a path"


def _comparison_problems(
    question: Question, section: Section, questionnaire: Questionnaire
) -> Iterator[str]:
    if question.compares is None:
        return
    other = questionnaire.by_id.get(question.compares)
    if other is None:
        yield f"names {question.compares}, which is no question here"
        return
    if section.subject is not Subject.COMPETITOR:
        yield "stands in a section that is not about a competitor"
    elif questionnaire.section_of[other.id].subject is Subject.COMPETITOR:
        yield f"names {other.id}, which is not about the branch itself"
    elif other.type is not question.type:
        yield f"names {other.id}, which is of type {other.type} and not {question.type}"
