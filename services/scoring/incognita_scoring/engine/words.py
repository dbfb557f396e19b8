"""Answers and standards in words that a branch can read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from incognita_scoring.engine.phrases import Phrases, phrases_in
from incognita_shared.questionnaire.model import (
    Band,
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
    phrases = phrases_in(language)
    match answer:
        case bool():
            return phrases.yes if answer else phrases.no
        case Decimal():
            timed = question.type is QuestionType.DURATION
            return duration(answer, phrases) if timed else phrases.number(answer)
        case tuple():
            return ", ".join(_label(question, choice_id, language) for choice_id in answer)
        case str() if question.type is QuestionType.SINGLE_CHOICE:
            return _label(question, answer, language)
        case datetime() | date() | time():
            return answer.isoformat()
        case _:
            return quoted(answer, phrases) if isinstance(answer, str) else phrases.given


def either(words: Iterable[str], phrases: Phrases) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)}{phrases.or_}{last}" if first else last


def quoted(text: str, phrases: Phrases) -> str:
    """The text between quotation marks, cut where it is long."""
    return phrases.quoted.format(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


@lru_cache(maxsize=10_000)
def points(earned: Decimal, possible: Decimal, phrases: Phrases) -> str:
    """``2 of 5 points``."""
    return phrases.points(earned, possible)


def duration(seconds: Decimal, phrases: Phrases) -> str:
    """``1 h 2 min 3 s``, without what is zero."""
    whole = int(seconds)
    rest = phrases.number(seconds - whole // _MINUTE * _MINUTE)
    parts = [
        phrases.hours.format(whole // _HOUR) if whole >= _HOUR else "",
        phrases.minutes.format(whole % _HOUR // _MINUTE) if whole % _HOUR >= _MINUTE else "",
        phrases.seconds.format(rest) if seconds % _MINUTE else "",
    ]
    return " ".join(part for part in parts if part) or phrases.seconds.format(0)


def timed_in_words(standard: TimedStandard, phrases: Phrases) -> str:
    """``at most 5 min (and 30 s of grace)``."""
    least, most = (
        None if limit is None else duration(limit, phrases)
        for limit in (standard.minimum_s, standard.maximum_s)
    )
    grace = phrases.grace.format(duration(standard.grace_s, phrases)) if standard.grace_s else ""
    return _limits(least, most, phrases) + grace


def counted_in_words(count: CountedStandard, phrases: Phrases) -> str:
    """``at least 2 and at most 4``."""
    least, most = (
        None if limit is None else phrases.number(limit) for limit in (count.minimum, count.maximum)
    )
    return _limits(least, most, phrases)


def band_in_words(band: Band, phrases: Phrases) -> str:
    """``from 2 and below 4``."""
    low, high = (
        None if limit is None else phrases.number(limit) for limit in (band.minimum, band.maximum)
    )
    if low is None:
        return phrases.band_open if high is None else phrases.band_below.format(high=high)
    if high is None:
        return phrases.band_from.format(low=low)
    return phrases.band_between.format(low=low, high=high)


def _limits(least: str | None, most: str | None, phrases: Phrases) -> str:
    limits = ((phrases.at_least, least), (phrases.at_most, most))
    return phrases.and_.join(how.format(limit) for how, limit in limits if limit is not None)


def _label(question: Question, choice_id: str, language: str) -> str:
    labels: Mapping[str, str] = next(
        (choice.label for choice in question.choices if choice.id == choice_id), {}
    )
    return quoted(labels.get(language, choice_id), phrases_in(language))
