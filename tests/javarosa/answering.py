"""Random answers to a form, as a phone would write them: sound ones, wrong ones, and none."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    Question,
    Questionnaire,
    QuestionType,
    Section,
)
from incognita_xlsform.claims import TICKED
from incognita_xlsform.names import file_name, form_name, not_applicable_name
from incognita_xlsform.question_types import is_range

BLANK = 0.2
NOT_APPLICABLE = 0.2
TODAY = date(2026, 5, 4)
WORDS = ("a", "ab", "A1", "12345", "34 ABC 123", "İstanbul", "ıI", "  two  words ", "x" * 60, "0")
MOST_REPETITIONS = 3

Texts = dict[str, Any]


def random_answers(questionnaire: Questionnaire, rng: random.Random) -> Texts:
    """Element → text; of a section that repeats a list of such."""
    texts: Texts = {}
    for section in questionnaire.sections:
        if section.repeat is None:
            texts |= _answers(section, rng)
            continue
        most = min(section.repeat.maximum, section.repeat.minimum + MOST_REPETITIONS)
        times = rng.randint(section.repeat.minimum, most)
        texts[form_name(section.id)] = [_answers(section, rng) for _ in range(times)]
    return texts


def _answers(section: Section, rng: random.Random) -> Texts:
    texts: Texts = {}
    for question in section.questions:
        if question.type in (QuestionType.NOTE, QuestionType.CALCULATED):
            continue
        if question.scoring.not_applicable_allowed and rng.random() < NOT_APPLICABLE:
            texts[not_applicable_name(question.id)] = TICKED
        if rng.random() >= BLANK:
            texts |= _answer(question, rng)
    return texts


def _answer(question: Question, rng: random.Random) -> Texts:
    if question.type not in MEDIA_TYPES:
        return {form_name(question.id): _text(question, rng)}
    most = 3 if question.maximum is None else min(3, int(question.maximum))
    numbers = range(1, rng.randint(1, max(1, most)) + 1)
    return {file_name(question.id, number): f"{question.id}-{number}.jpg" for number in numbers}


def _text(question: Question, rng: random.Random) -> str:  # noqa: PLR0911 - one a type
    choices = [choice.id for choice in question.choices]
    match question.type:
        case QuestionType.BOOLEAN:
            return rng.choice(("yes", "no"))
        case QuestionType.SINGLE_CHOICE:
            return rng.choice(choices)
        case QuestionType.MULTIPLE_CHOICE:
            return " ".join(rng.sample(choices, rng.randint(1, len(choices))))
        case QuestionType.INTEGER | QuestionType.RATING:
            return str(_whole(question, rng))
        case QuestionType.DECIMAL | QuestionType.DURATION:
            return str(_whole(question, rng) + Decimal(rng.choice(("0", "0.5", "0.25", "0.1"))))
        case QuestionType.TEXT:
            return rng.choice(WORDS)
        case QuestionType.DATE:
            return _day(rng)
        case QuestionType.TIME:
            return f"{_clock(rng)}.000Z"
        case QuestionType.MOMENT:
            return f"{_day(rng)}T{_clock(rng)}.000{rng.choice(('Z', '+03:00', '-05:30'))}"
        case QuestionType.POSITION:
            return f"{rng.uniform(-80, 80):.6f} {rng.uniform(-170, 170):.6f} 0.0 9.0"
        case other:
            raise NotImplementedError(other)


def _whole(question: Question, rng: random.Random) -> int:
    low = 0 if question.minimum is None else int(question.minimum)
    high = low + 12 if question.maximum is None else int(question.maximum)
    beyond = 0 if is_range(question) else 2  # a range has no way to leave it
    return rng.randint(low - beyond, min(high, low + 400) + beyond)


def _day(rng: random.Random) -> str:
    return (TODAY + timedelta(days=rng.randint(-40, 40))).isoformat()


def _clock(rng: random.Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.choice((0, 15, 59)):02}:{rng.choice((0, 30)):02}"
