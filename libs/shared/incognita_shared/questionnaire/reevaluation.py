"""What a report's answers contradict: found by the server anew, whatever the device allowed.

Codes: ``invalid_answer`` (of no use for its question), ``missing_answer``, ``constraint_broken``,
``unknown_answer`` (to no question here), ``irrelevant_answer`` (to one that did not apply),
``calculation_differs`` (the device reckoned something else), ``rule_failed`` (a rule that these
answers do not let the server evaluate), ``future_time`` (measured later than the report was made).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from incognita_shared.events.evidence import Finding, Severity
from incognita_shared.questionnaire.answers import AnswerError, ReadAnswers, Scope
from incognita_shared.questionnaire.model import Question, QuestionType
from incognita_shared.questionnaire.reading import (
    Answer,
    UnreadableAnswer,
    printable,
    read_calculated,
)
from incognita_shared.questionnaire.scope import is_blank

LONGEST_DETAIL = 500
CLOSE_ENOUGH = Decimal("1e-6")
"""Devices reckon in binary fractions."""

_OF_ERRORS: Mapping[str, tuple[str, Severity]] = {
    "unreadable": ("invalid_answer", Severity.MAJOR),
    "missing": ("missing_answer", Severity.MAJOR),
    "broken": ("constraint_broken", Severity.MAJOR),
    "unknown": ("unknown_answer", Severity.MINOR),
    "fails": ("rule_failed", Severity.MINOR),
}


def findings_of(read: ReadAnswers, *, most: int = 200) -> tuple[Finding, ...]:
    """All contradictions of a whole report, in the order of its questions; at most ``most``."""
    found = [_of_error(error) for error in read.errors()]
    for section in read.questionnaire.sections:
        for scope in read.scopes(section):
            for question in section.questions:
                found += _of_answer(question, scope, read)
    return tuple(found[:most])


def _of_error(error: AnswerError) -> Finding:
    code, severity = _OF_ERRORS[error.kind]
    return _finding(code, severity, error.question_id, error.cause)


def _of_answer(question: Question, scope: Scope, read: ReadAnswers) -> Iterable[Finding]:
    answer = scope.answers.get(question.id)
    if question.type is QuestionType.CALCULATED:
        return _of_calculation(question, scope, answer)
    if is_blank(answer):
        return ()
    path = scope.path(question.id)
    if question.id in scope.irrelevant:
        detail = f"answered {printable(str(answer))}, but it did not apply"
        return (_finding("irrelevant_answer", Severity.INFO, path, detail),)
    return _of_times(question, scope, read)


def _of_calculation(question: Question, scope: Scope, claimed: object) -> Iterator[Finding]:
    """A claim of what the server cannot reckon, or reckons otherwise."""
    if is_blank(claimed) or question.id in scope.irrelevant:
        return
    reckoned = scope.own_values.get(question.id)
    if not _agree(claimed, reckoned):
        known = "nothing" if reckoned is None else printable(str(reckoned))
        detail = f"the device says {printable(str(claimed))}, reckoned anew it is {known}"
        path = scope.path(question.id)
        yield _finding("calculation_differs", Severity.MINOR, path, detail)


def _agree(claimed: object, reckoned: Answer | None) -> bool:
    if isinstance(reckoned, bool):
        return claimed is reckoned or str(claimed).lower() == str(reckoned).lower()
    if isinstance(reckoned, Decimal):
        number = _number(claimed)
        return number is not None and abs(number - reckoned) <= CLOSE_ENOUGH * (1 + abs(reckoned))
    return claimed == reckoned


def _number(claimed: object) -> Decimal | None:
    try:
        value = Decimal(claimed) if isinstance(claimed, str) else read_calculated(claimed)
    except (ArithmeticError, UnreadableAnswer):
        return None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _of_times(question: Question, scope: Scope, read: ReadAnswers) -> Iterator[Finding]:
    """A time that a standard is measured by cannot lie after the report."""
    value = scope.own_values.get(question.id)
    if not isinstance(value, datetime) or read.now is None or value <= read.now:
        return
    if question.id in read.questionnaire.timed:
        detail = f"measured at {value.isoformat()}, the report is of {read.now.isoformat()}"
        yield _finding("future_time", Severity.MAJOR, scope.path(question.id), detail)


def _finding(code: str, severity: Severity, question_id: str, detail: str) -> Finding:
    return Finding(
        code=code, severity=severity, question_id=question_id, detail=detail[:LONGEST_DETAIL]
    )
