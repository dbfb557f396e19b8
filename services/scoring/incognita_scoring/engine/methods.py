"""The ways in which a readable answer becomes points."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import NamedTuple

from incognita_scoring.engine.rounding import shown
from incognita_scoring.engine.words import (
    count_in_words,
    duration,
    either,
    in_words,
    standard_in_words,
)
from incognita_shared.questionnaire.model import (
    Band,
    CountedStandard,
    Question,
    QuestionType,
    ScoringMethod,
    TimedStandard,
)
from incognita_shared.questionnaire.reading import (
    Answer,
    UnreadableAnswer,
    read_answer,
    read_calculated,
)

DAY_S = 86_400
ZERO = Decimal(0)


class Verdict(NamedTuple):
    """Points earned, whether what was asked for is met in full, and the fact behind it in words."""

    earned: Decimal
    met: bool
    fact: str


class Immeasurable(Exception):
    """The answers do not let this question be scored; the message is a sentence."""


def verdict(
    question: Question, answer: Answer, values: Mapping[str, Answer], language: str
) -> Verdict:
    """What ``answer`` earns. ``values`` are all readable answers, for standards between two.

    Raises Immeasurable where a standard cannot be measured or the scoring does not fit the answer.
    """
    said = in_words(question, answer, language)
    match question.scoring.method:
        case ScoringMethod.EXPECTED_VALUE:
            return _expected_value(question, answer, said, language)
        case ScoringMethod.CHOICE_POINTS:
            return _choice_points(question, answer, said)
        case ScoringMethod.BANDS:
            return _bands(question, answer, said)
        case ScoringMethod.TIMED_STANDARD:
            return _timed_standard(question, answer, values)
        case ScoringMethod.COUNTED_STANDARD:
            return _counted_standard(question, answer, language)
        case ScoringMethod.NONE:
            raise Immeasurable("This question does not count.")


def _expected_value(question: Question, answer: Answer, said: str, language: str) -> Verdict:
    expected = question.scoring.expected
    multiple = question.type is QuestionType.MULTIPLE_CHOICE
    wanted = expected if isinstance(expected, list) and not multiple else [expected]
    try:
        values = [_expected(question, value) for value in wanted]
    except UnreadableAnswer as error:
        raise Immeasurable(f"The expected answer does not fit the question: it {error}.") from None
    met = any(_same(answer, value) for value in values)
    expectation = either(in_words(question, value, language) for value in values)
    fact = f"Answered {said}, as expected" if met else f"Answered {said}, expected {expectation}"
    return Verdict(question.scoring.points if met else ZERO, met, fact)


def _expected(question: Question, value: object) -> Answer:
    if question.type is not QuestionType.CALCULATED:
        return read_answer(question, value)
    reckoned = read_calculated(value)
    if reckoned is None:
        raise UnreadableAnswer("gives nothing")
    return reckoned


def _same(answer: Answer, expected: Answer) -> bool:
    if isinstance(answer, tuple) and isinstance(expected, tuple):
        return set(answer) == set(expected)
    if isinstance(answer, str) and isinstance(expected, str):
        return _normal(answer) == _normal(expected)
    return answer == expected


def _normal(text: str) -> str:
    # NFC only: folding case would make the Turkish dotted and dotless i the same letter
    return unicodedata.normalize("NFC", text).strip()


def _choice_points(question: Question, answer: Answer, said: str) -> Verdict:
    chosen = answer if isinstance(answer, tuple) else (answer,)
    gains = [choice.points or ZERO for choice in question.choices if choice.id in chosen]
    earned = sum(gains, ZERO)
    return Verdict(earned, earned >= question.scoring.points, f"Answered {said}")


def _bands(question: Question, answer: Answer, said: str) -> Verdict:
    if not isinstance(answer, Decimal):
        raise Immeasurable("Bands need a number.")
    for band in question.scoring.bands:
        if (band.minimum is None or band.minimum <= answer) and (
            band.maximum is None or answer < band.maximum
        ):
            fact = f"Answered {said}, which lies {_limits(band)}"
            return Verdict(band.points, band.points >= question.scoring.points, fact)
    return Verdict(ZERO, False, f"Answered {said}, which lies in no band")


def _limits(band: Band) -> str:
    low = f"from {shown(band.minimum)}" if band.minimum is not None else ""
    high = f"below {shown(band.maximum)}" if band.maximum is not None else ""
    return " and ".join(limit for limit in (low, high) if limit) or "anywhere"


def _timed_standard(question: Question, answer: Answer, values: Mapping[str, Answer]) -> Verdict:
    standard = question.scoring.standard or TimedStandard()
    seconds = _measured(standard, answer, values)
    grace = standard.grace_s
    in_time = standard.maximum_s is None or seconds <= standard.maximum_s + grace
    long_enough = standard.minimum_s is None or seconds >= standard.minimum_s - grace
    met = in_time and long_enough
    fact = f"Took {duration(seconds)}, the standard is {standard_in_words(standard)}"
    return Verdict(question.scoring.points if met else ZERO, met, fact)


def _counted_standard(question: Question, answer: Answer, language: str) -> Verdict:
    count = question.scoring.count or CountedStandard()
    if not isinstance(answer, Decimal):
        raise Immeasurable("The standard needs a number.")
    enough = count.minimum is None or answer >= count.minimum
    met = enough and (count.maximum is None or answer <= count.maximum)
    unit = count.unit.get(language, "")
    fact = f"Counted {shown(answer)} {unit}".rstrip()
    fact = f"{fact}, the standard is {count_in_words(count)}"
    return Verdict(question.scoring.points if met else ZERO, met, fact)


def _measured(standard: TimedStandard, answer: Answer, values: Mapping[str, Answer]) -> Decimal:
    """Seconds, as answered or from the start's answer to this one."""
    if standard.start_question_id is None:
        if not isinstance(answer, Decimal):
            raise Immeasurable("The standard needs a duration.")
        return answer
    start = values.get(standard.start_question_id)
    if start is None:
        raise Immeasurable("The start of this standard was not answered.")
    if isinstance(start, datetime) and isinstance(answer, datetime):
        elapsed = answer - start
        seconds = Decimal(elapsed.days * DAY_S + elapsed.seconds) + Decimal(
            elapsed.microseconds
        ).scaleb(-6)
        if seconds < 0:
            raise Immeasurable("It ended before it started.")
        return seconds
    if isinstance(start, time) and isinstance(answer, time):
        # a clock that stands earlier at the end has passed midnight
        return Decimal((_clock_s(answer) - _clock_s(start)) % DAY_S)
    raise Immeasurable("Start and end of this standard are not of the same type.")


def _clock_s(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
