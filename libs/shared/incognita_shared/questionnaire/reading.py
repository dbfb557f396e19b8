"""Reads one answer as it came in JSON into an exact value of its question's type."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError

from incognita_shared.questionnaire.model import MEDIA_TYPES, Question, QuestionType
from incognita_shared.values import Position

T = TypeVar("T")
Answer = str | bool | Decimal | date | time | datetime | tuple[str, ...] | Position
"""An answer that has been read. ``date`` includes ``datetime``, which always has a zone."""

LONGEST_TEXT = 10_000
LONGEST_NUMBER = 26
LONGEST_QUOTE = 64
MOST_FILES = 50
GREATEST_INTEGER = 2**53 - 1
"""What JavaScript still holds exactly: a browser and the server read the same number."""
LONGEST_DURATION_S = 366 * 86_400
YEARS = range(1900, 2200)

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")
_NUMBER = "must be a number with at most 15 digits before and 9 after a decimal point"


class UnreadableAnswer(ValueError):
    """The answer is not of the question's type; the message says what it has to be."""


def read_answer(question: Question, answer: object) -> Answer:
    """The answer as a value of the question's type, numbers as exact decimals.

    Raises UnreadableAnswer for another type, a choice that is not offered, or a number, length or
    count outside the question's range. ``None`` is not an answer: callers deal with it before.
    """
    value = _READERS[question.type](question, answer)
    if question.minimum is not None or question.maximum is not None:
        _check_range(question, value)
    return value


def _single_choice(question: Question, answer: object) -> str:
    if not isinstance(answer, str):
        raise UnreadableAnswer("must be the id of one choice")
    return _offered(question, answer)


def _multiple_choice(question: Question, answer: object) -> tuple[str, ...]:
    if not isinstance(answer, list | tuple) or not all(isinstance(item, str) for item in answer):
        raise UnreadableAnswer("must be a list of choice ids")
    if len(set(answer)) != len(answer):
        raise UnreadableAnswer("names a choice twice")
    return tuple(_offered(question, item) for item in answer)


def _offered(question: Question, choice_id: str) -> str:
    if choice_id not in question.choice_ids:
        raise UnreadableAnswer(f"{printable(choice_id)} is not one of the choices")
    return choice_id


def _boolean(_: Question, answer: object) -> bool:
    if not isinstance(answer, bool):
        raise UnreadableAnswer("must be true or false")
    return answer


def _integer(_: Question, answer: object) -> Decimal:
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise UnreadableAnswer("must be an integer")
    if abs(answer) > GREATEST_INTEGER:
        raise UnreadableAnswer("must lie within ±(2^53 - 1)")
    return Decimal(answer)


def _decimal(_: Question, answer: object) -> Decimal:
    if isinstance(answer, bool) or not isinstance(answer, int | float | str | Decimal):
        raise UnreadableAnswer("must be a number")
    if isinstance(answer, int) and abs(answer) > GREATEST_INTEGER:
        raise UnreadableAnswer("must lie within ±(2^53 - 1)")
    if isinstance(answer, float | Decimal):
        return _rounded(answer)
    if len(str(answer)) > LONGEST_NUMBER or not _DECIMAL.fullmatch(str(answer)):
        raise UnreadableAnswer(_NUMBER)
    return Decimal(answer)


def _rounded(number: float | Decimal) -> Decimal:
    # repr gives the shortest decimal that is this float, which is what the client wrote
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    if not exact.is_finite() or abs(exact) >= 10**15:
        raise UnreadableAnswer(_NUMBER)
    return round(exact, 9)


def _duration(question: Question, answer: object) -> Decimal:
    seconds = _decimal(question, answer)
    if not 0 <= seconds <= LONGEST_DURATION_S:
        raise UnreadableAnswer(f"must be seconds from 0 to {LONGEST_DURATION_S}")
    return seconds


def _text(_: Question, answer: object) -> str:
    if not isinstance(answer, str):
        raise UnreadableAnswer("must be a text")
    return _text_of(answer)


def _text_of(answer: str) -> str:
    if len(answer) > LONGEST_TEXT:
        raise UnreadableAnswer(f"has at most {LONGEST_TEXT} characters")
    if _FORBIDDEN.search(answer):
        raise UnreadableAnswer("holds a character that is not allowed")
    return answer


def _date(_: Question, answer: object) -> date:
    if not isinstance(answer, str) or not _DATE.fullmatch(answer):
        raise UnreadableAnswer("must be a date like 2026-11-22")
    day = _parsed(date.fromisoformat, answer, "date")
    _check_year(day.year)
    return day


def _time(_: Question, answer: object) -> time:
    if not isinstance(answer, str) or not _TIME.fullmatch(answer):
        raise UnreadableAnswer("must be a time like 23:50 or 23:50:30")
    return _parsed(time.fromisoformat, answer, "time")


def _moment(_: Question, answer: object) -> datetime:
    if not isinstance(answer, str) or not _MOMENT.fullmatch(answer):
        raise UnreadableAnswer("must be a moment with its zone, like 2026-11-22T23:50:00+03:00")
    moment = _parsed(datetime.fromisoformat, answer.upper(), "moment")
    _check_year(moment.year)
    return moment


def _files(_: Question, answer: object) -> tuple[str, ...]:
    if not isinstance(answer, list | tuple) or not all(
        isinstance(item, str) and _SHA256.fullmatch(item) for item in answer
    ):
        raise UnreadableAnswer("must be a list of the files' SHA-256, in lower-case hexadecimal")
    if len(set(answer)) != len(answer):
        raise UnreadableAnswer("names a file twice")
    if len(answer) > MOST_FILES:
        raise UnreadableAnswer(f"has at most {MOST_FILES} files")
    return tuple(answer)


def _position(_: Question, answer: object) -> Position:
    try:
        return Position.model_validate(answer, strict=True)
    except ValidationError:
        raise UnreadableAnswer(
            "must be {latitude, longitude, accuracy_m} in degrees of WGS 84 and metres"
        ) from None


def _calculated(_: Question, __: object) -> str:
    raise UnreadableAnswer("is calculated, and takes no answer")


def _note(_: Question, __: object) -> str:
    raise UnreadableAnswer("is a note, which takes no answer")


def read_calculated(outcome: object) -> str | bool | Decimal | None:
    """What a calculation gave, as an exact value. Raises UnreadableAnswer for anything else."""
    match outcome:
        case None | bool():
            return outcome
        case int() | float():
            return None if isinstance(outcome, float) and math.isnan(outcome) else _rounded(outcome)
        case str():
            return _text_of(outcome)
        case _:
            raise UnreadableAnswer("gives neither a number nor a text nor a truth value")


def _parsed(parse: Callable[[str], T], text: str, what: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise UnreadableAnswer(f"{text} is no {what} that exists") from None


def _check_year(year: int) -> None:
    if year not in YEARS:
        raise UnreadableAnswer(f"must lie in the years {YEARS.start} to {YEARS.stop - 1}")


def _check_range(question: Question, value: Answer) -> None:
    """The range bounds a number, the length of a text, or how many choices or files are given."""
    if isinstance(value, Decimal):
        size, what = value, "must be"
    elif isinstance(value, str) and question.type is QuestionType.TEXT:
        size, what = Decimal(len(value)), "must have a length of"
    elif isinstance(value, tuple):
        files = question.type in MEDIA_TYPES
        what = f"must name a number of {'files' if files else 'choices'} of"
        size = Decimal(len(value))
    else:
        return
    if question.minimum is not None and size < question.minimum:
        raise UnreadableAnswer(f"{what} at least {question.minimum}")
    if question.maximum is not None and size > question.maximum:
        raise UnreadableAnswer(f"{what} at most {question.maximum}")


def printable(text: str) -> str:
    """A client's text, short and safe to quote in a message."""
    return ascii(text) if len(text) <= LONGEST_QUOTE else ascii(text[:LONGEST_QUOTE]) + "..."


def for_conditions(value: Answer) -> object:
    """The answer as JSON data, numbers as numbers, for a condition to reckon with."""
    match value:
        case bool() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case tuple():
            return list(value)
        case Position():
            return value.model_dump()
        case _:
            return value.isoformat()


_READERS: Mapping[QuestionType, Callable[[Question, object], Answer]] = {
    QuestionType.SINGLE_CHOICE: _single_choice,
    QuestionType.MULTIPLE_CHOICE: _multiple_choice,
    QuestionType.BOOLEAN: _boolean,
    QuestionType.INTEGER: _integer,
    QuestionType.DECIMAL: _decimal,
    QuestionType.TEXT: _text,
    QuestionType.DATE: _date,
    QuestionType.TIME: _time,
    QuestionType.MOMENT: _moment,
    QuestionType.DURATION: _duration,
    QuestionType.RATING: _integer,
    **dict.fromkeys(MEDIA_TYPES, _files),
    QuestionType.POSITION: _position,
    QuestionType.CALCULATED: _calculated,
    QuestionType.NOTE: _note,
}
