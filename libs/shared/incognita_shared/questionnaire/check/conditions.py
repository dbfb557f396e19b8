"""Conditions name questions that exist and can be evaluated on any answers of the right types."""

from collections.abc import Iterator, Mapping

from incognita_shared.questionnaire.conditions import (
    VALUE,
    ConditionError,
    holds,
    named_questions,
    names,
)
from incognita_shared.questionnaire.model import Condition, Question, QuestionType

_SAMPLES: Mapping[QuestionType, object] = {
    QuestionType.BOOLEAN: True,
    QuestionType.INTEGER: 1,
    QuestionType.DECIMAL: 1.5,
    QuestionType.TEXT: "text",
    QuestionType.DATE: "2026-11-22",
    QuestionType.TIME: "12:30:00",
    QuestionType.MOMENT: "2026-11-22T12:30:00+00:00",
    QuestionType.DURATION: 90,
    QuestionType.RATING: 1,
}


def condition_problems(
    question: Question, earlier: Mapping[str, Question], questions: Mapping[str, Question]
) -> Iterator[tuple[str, str]]:
    """Field and cause of each problem of one question's conditions.

    Relevance may read earlier questions only, so that one pass in order settles it and no two
    questions can wait for each other; constraints and evidence rules may read any question.
    """
    if question.relevant is not None:
        if VALUE in names(question.relevant):
            yield "relevant", "cannot depend on the question's own value"
        yield from _problems("relevant", question.relevant, question, earlier, questions)
    if question.constraint is not None:
        yield from _problems("constraint", question.constraint, question, questions, questions)
    for number, rule in enumerate(question.evidence):
        if rule.when is not None:
            field = f"evidence.{number}.when"
            yield from _problems(field, rule.when, question, questions, questions)


def _problems(
    field: str,
    rule: Condition,
    question: Question,
    allowed: Mapping[str, Question],
    questions: Mapping[str, Question],
) -> Iterator[tuple[str, str]]:
    named = sorted(named_questions(rule))
    for question_id in named:
        if question_id not in questions:
            yield field, f"names {question_id}, which is no question here"
        elif question_id not in allowed:
            yield field, f"names {question_id}, which is asked later"
    yield from _trial_problems(
        field, rule, question, [questions[i] for i in named if i in questions]
    )


def _trial_problems(
    field: str, rule: Condition, question: Question, named: list[Question]
) -> Iterator[tuple[str, str]]:
    """Runs the rule with nothing answered and with everything that it names answered."""
    samples = {one.id: _sample(one) for one in named}
    trials: tuple[tuple[str, dict[str, object], object], ...] = (
        ("when nothing is answered", {}, None),
        ("when all is answered", samples, _sample(question)),
    )
    for state, answers, value in trials:
        try:
            holds(rule, answers, value)
        except ConditionError as error:
            yield field, f"{state}: {error}"


def _sample(question: Question) -> object:
    if question.choices:
        first = question.choices[0].id
        return [first] if question.type is QuestionType.MULTIPLE_CHOICE else first
    if question.type is QuestionType.NOTE:
        return None
    return _SAMPLES[question.type]
