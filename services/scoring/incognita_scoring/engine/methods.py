"""The ways in which a readable answer becomes points."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import NamedTuple

from incognita_scoring.engine.phrases import Phrases, phrases_in
from incognita_scoring.engine.words import (
    band_in_words,
    counted_in_words,
    duration,
    either,
    in_words,
    timed_in_words,
)
from incognita_shared.questionnaire.model import (
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
    """The answers do not let this question be scored.

    The message is a sentence for a reviewer, in English; ``reason`` one for the branch.
    """

    def __init__(self, doubt: str, reason: str) -> None:
        super().__init__(doubt)
        self.reason = reason


def verdict(
    question: Question, answer: Answer, values: Mapping[str, Answer], language: str
) -> Verdict:
    """What ``answer`` earns. ``values`` are all readable answers, for standards between two.

    Raises Immeasurable where a standard cannot be measured or the scoring does not fit the answer.
    """
    said, phrases = in_words(question, answer, language), phrases_in(language)
    match question.scoring.method:
        case ScoringMethod.EXPECTED_VALUE:
            return _expected_value(question, answer, said, language)
        case ScoringMethod.CHOICE_POINTS:
            return _choice_points(question, answer, said, phrases)
        case ScoringMethod.BANDS:
            return _bands(question, answer, said, phrases)
        case ScoringMethod.TIMED_STANDARD:
            return _timed_standard(question, answer, values, phrases)
        case ScoringMethod.COUNTED_STANDARD:
            return _counted_standard(question, answer, language)
        case ScoringMethod.NONE:
            raise Immeasurable("This question does not count.", phrases.not_scored)


def _expected_value(question: Question, answer: Answer, said: str, language: str) -> Verdict:
    expected, phrases = question.scoring.expected, phrases_in(language)
    multiple = question.type is QuestionType.MULTIPLE_CHOICE
    wanted = expected if isinstance(expected, list) and not multiple else [expected]
    try:
        values = [_expected(question, value) for value in wanted]
    except UnreadableAnswer as error:
        doubt = f"The expected answer does not fit the question: it {error}."
        raise Immeasurable(doubt, phrases.misfit) from None
    met = any(_same(answer, value) for value in values)
    if met:
        fact = phrases.as_expected.format(said=said)
    else:
        expectation = either((in_words(question, each, language) for each in values), phrases)
        fact = phrases.otherwise.format(said=said, expected=expectation)
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


def _choice_points(question: Question, answer: Answer, said: str, phrases: Phrases) -> Verdict:
    chosen = answer if isinstance(answer, tuple) else (answer,)
    gains = [choice.points or ZERO for choice in question.choices if choice.id in chosen]
    earned = sum(gains, ZERO)
    fact = phrases.answered.format(said=said)
    return Verdict(earned, earned >= question.scoring.points, fact)


def _bands(question: Question, answer: Answer, said: str, phrases: Phrases) -> Verdict:
    if not isinstance(answer, Decimal):
        raise Immeasurable("Bands need a number.", phrases.misfit)
    for band in question.scoring.bands:
        if (band.minimum is None or band.minimum <= answer) and (
            band.maximum is None or answer < band.maximum
        ):
            fact = phrases.in_band.format(said=said, limits=band_in_words(band, phrases))
            return Verdict(band.points, band.points >= question.scoring.points, fact)
    return Verdict(ZERO, False, phrases.in_no_band.format(said=said))


def _timed_standard(
    question: Question, answer: Answer, values: Mapping[str, Answer], phrases: Phrases
) -> Verdict:
    standard = question.scoring.standard or TimedStandard()
    seconds = _measured(standard, answer, values, phrases)
    grace = standard.grace_s
    in_time = standard.maximum_s is None or seconds <= standard.maximum_s + grace
    long_enough = standard.minimum_s is None or seconds >= standard.minimum_s - grace
    met = in_time and long_enough
    fact = phrases.took.format(
        time=duration(seconds, phrases), standard=timed_in_words(standard, phrases)
    )
    return Verdict(question.scoring.points if met else ZERO, met, fact)


def _counted_standard(question: Question, answer: Answer, language: str) -> Verdict:
    count, phrases = question.scoring.count or CountedStandard(), phrases_in(language)
    if not isinstance(answer, Decimal):
        raise Immeasurable("The standard needs a number.", phrases.misfit)
    enough = count.minimum is None or answer >= count.minimum
    met = enough and (count.maximum is None or answer <= count.maximum)
    number = f"{phrases.number(answer)} {count.unit.get(language, '')}".rstrip()
    fact = phrases.counted.format(number=number, standard=counted_in_words(count, phrases))
    return Verdict(question.scoring.points if met else ZERO, met, fact)


def _measured(
    standard: TimedStandard, answer: Answer, values: Mapping[str, Answer], phrases: Phrases
) -> Decimal:
    """Seconds, as answered or from the start's answer to this one."""
    if standard.start_question_id is None:
        if not isinstance(answer, Decimal):
            raise Immeasurable("The standard needs a duration.", phrases.misfit)
        return answer
    start = values.get(standard.start_question_id)
    if start is None:
        doubt = "The start of this standard was not answered."
        raise Immeasurable(doubt, phrases.start_missing)
    if isinstance(start, datetime) and isinstance(answer, datetime):
        elapsed = answer - start
        seconds = Decimal(elapsed.days * DAY_S + elapsed.seconds) + Decimal(
            elapsed.microseconds
        ).scaleb(-6)
        if seconds < 0:
            raise Immeasurable("It ended before it started.", phrases.ended_early)
        return seconds
    if isinstance(start, time) and isinstance(answer, time):
        # a clock that stands earlier at the end has passed midnight
        return Decimal((_clock_s(answer) - _clock_s(start)) % DAY_S)
    doubt = "Start and end of this standard are not of the same type."
    raise Immeasurable(doubt, phrases.other_types)


def _clock_s(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
