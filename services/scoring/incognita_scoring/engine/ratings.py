"""The ratings of a report that count for measures over many reports (``indicators.py``)."""

from collections.abc import Iterator
from decimal import Decimal

from incognita_scoring.engine.rulings import NO_RULINGS, RulingKind, Rulings
from incognita_shared.questionnaire.answers import ReadAnswers, Scope
from incognita_shared.questionnaire.model import Indicator, Question, Section, Subject
from incognita_shared.values import Exact, Id, Value


class Rating(Value):
    """One rating as it was given, with the scale and the importance that its question has."""

    question_id: Id
    indicator: Indicator
    value: int
    minimum: int
    maximum: int
    importance: Exact
    hidden: bool = False
    """Whether the chain's own roles do not see its question."""


def ratings_of(read: ReadAnswers, rulings: Rulings = NO_RULINGS) -> tuple[Rating, ...]:
    """The ratings that were given to questions which applied.

    An answer of N/A is none; neither is what was said of a competitor, or what an appeal left out.
    """
    return tuple(
        rating
        for section, question in read.questionnaire.questions()
        if question.scoring.indicator is not None and section.subject is Subject.BRANCH
        for rating in _given(section, question, read, rulings)
    )


def _given(
    section: Section, question: Question, read: ReadAnswers, rulings: Rulings
) -> Iterator[Rating]:
    for number, scope in enumerate(read.scopes(section)):
        instance = number if section.repeat else None
        left_out = rulings.get((question.id, instance)) is RulingKind.DOES_NOT_COUNT
        if not left_out and (rating := _rating(question, scope)):
            yield rating


def _rating(question: Question, scope: Scope) -> Rating | None:
    scoring, value = question.scoring, scope.own_values.get(question.id)
    if not isinstance(value, Decimal) or question.id in scope.irrelevant:
        return None
    if scoring.indicator is None or question.minimum is None or question.maximum is None:
        return None
    return Rating(
        question_id=question.id,
        indicator=scoring.indicator,
        value=int(value),
        minimum=int(question.minimum),
        maximum=int(question.maximum),
        importance=scoring.importance,
        hidden=not question.visible_to_client,
    )
