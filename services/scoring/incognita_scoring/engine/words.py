"""Answers and standards in words that a branch can read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from incognita_scoring.engine.rounding import shown
from incognita_shared.questionnaire.model import (
    CountedStandard,
    Question,
    QuestionType,
    TimedStandard,
)
from incognita_shared.questionnaire.reading import Answer

LONGEST_QUOTE = 80
_MINUTE, _HOUR = 60, 3600


def in_words(question: Question, answer: Answer, language: str) -> str:
    """The answer as a reader of ``language`` would say it; choices by their labels."""
    match answer:
        case bool():
            return "yes" if answer else "no"
        case Decimal():
            return duration(answer) if question.type is QuestionType.DURATION else shown(answer)
        case tuple():
            return ", ".join(_label(question, choice_id, language) for choice_id in answer)
        case str() if question.type is QuestionType.SINGLE_CHOICE:
            return _label(question, answer, language)
        case datetime() | date() | time():
            return answer.isoformat()
        case _:
            return quoted(answer) if isinstance(answer, str) else "given"


def either(words: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def quoted(text: str) -> str:
    """The text between quotation marks, cut where it is long."""
    return f"“{text}”" if len(text) <= LONGEST_QUOTE else f"“{text[:LONGEST_QUOTE]}…”"


@lru_cache(maxsize=10_000)
def points(earned: Decimal, possible: Decimal) -> str:
    """``2 of 5 points``."""
    return f"{shown(earned)} of {shown(possible)} point" + ("" if possible == 1 else "s")


def duration(seconds: Decimal) -> str:
    """``1 h 2 min 3 s``, without what is zero."""
    whole = int(seconds)
    parts = [
        f"{whole // _HOUR} h" if whole >= _HOUR else "",
        f"{whole % _HOUR // _MINUTE} min" if whole % _HOUR >= _MINUTE else "",
        f"{shown(seconds - whole // _MINUTE * _MINUTE)} s" if seconds % _MINUTE else "",
    ]
    return " ".join(part for part in parts if part) or "0 s"


def standard_in_words(standard: TimedStandard) -> str:
    """``at most 5 min (and 30 s of grace)``."""
    limits = [
        f"{how} {duration(limit)}"
        for how, limit in (("at least", standard.minimum_s), ("at most", standard.maximum_s))
        if limit is not None
    ]
    grace = f" (and {duration(standard.grace_s)} of grace)" if standard.grace_s else ""
    return " and ".join(limits) + grace


def count_in_words(count: CountedStandard) -> str:
    """``at least 2 and at most 4``."""
    limits = (("at least", count.minimum), ("at most", count.maximum))
    return " and ".join(f"{how} {shown(limit)}" for how, limit in limits if limit is not None)


def _label(question: Question, choice_id: str, language: str) -> str:
    labels: Mapping[str, str] = next(
        (choice.label for choice in question.choices if choice.id == choice_id), {}
    )
    return quoted(labels.get(language, choice_id))
