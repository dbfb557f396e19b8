"""A question's scoring fits its type and can be reached."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from incognita_shared.questionnaire.check.form import CHOICE_TYPES
from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    Band,
    CriticalEffect,
    Indicator,
    Question,
    Questionnaire,
    QuestionType,
    Scoring,
    ScoringMethod,
    Section,
    Subject,
)
from incognita_shared.questionnaire.reading import UnreadableAnswer, read_answer

NUMBER_TYPES = (
    QuestionType.INTEGER,
    QuestionType.DECIMAL,
    QuestionType.DURATION,
    QuestionType.RATING,
    QuestionType.CALCULATED,
)
CLOCK_TYPES = (QuestionType.TIME, QuestionType.MOMENT)
ALL_OR_NOTHING = (
    ScoringMethod.EXPECTED_VALUE,
    ScoringMethod.TIMED_STANDARD,
    ScoringMethod.COUNTED_STANDARD,
)
NPS_RANGE = (Decimal(0), Decimal(10))


def scoring_problems(
    question: Question, section: Section, questionnaire: Questionnaire
) -> Iterator[tuple[str, str]]:
    """Field and cause of each problem of the scoring of one question of that section."""
    scoring, questions = question.scoring, questionnaire.by_id
    yield from _critical_problems(scoring)
    yield from _indicator_problems(question)
    if scoring.critical and section.subject is Subject.COMPETITOR:
        yield "scoring.critical", "what is seen at a competitor cannot fail the branch"
    if scoring.method is not ScoringMethod.NONE:
        yield from _points_problems(question)
    match scoring.method:
        case ScoringMethod.EXPECTED_VALUE:
            yield from _expected_problems(question)
        case ScoringMethod.CHOICE_POINTS:
            yield from _choice_points_problems(question)
        case ScoringMethod.BANDS:
            yield from _band_problems(question)
        case ScoringMethod.TIMED_STANDARD:
            yield from _standard_problems(question, questions)
            yield from _start_problems(question, section, questionnaire)
        case ScoringMethod.COUNTED_STANDARD:
            yield from _count_problems(question)
    yield from _left_over(scoring)


def _critical_problems(scoring: Scoring) -> Iterator[tuple[str, str]]:
    if scoring.critical and scoring.bonus:
        yield "scoring.bonus", "a question cannot be a bonus and critical"
    if scoring.critical and scoring.method is ScoringMethod.NONE:
        yield "scoring.critical", "a critical question must have a scoring method"
    if scoring.critical is CriticalEffect.CAP_VISIT and scoring.cap is None:
        yield "scoring.cap", "is needed for cap_visit"
    if scoring.critical is not CriticalEffect.CAP_VISIT and scoring.cap is not None:
        yield "scoring.cap", "has a meaning for cap_visit only"


def _points_problems(question: Question) -> Iterator[tuple[str, str]]:
    scoring = question.scoring
    if question.type is QuestionType.NOTE:
        yield "scoring.method", "a note has no answer to score"
    if question.type in MEDIA_TYPES or question.type is QuestionType.POSITION:
        yield "scoring.method", f"an answer of type {question.type} cannot be scored"
    if scoring.points < 0:
        yield "scoring.points", "what a full answer earns cannot be below 0"
    if scoring.points == 0 and not (scoring.critical and scoring.method in ALL_OR_NOTHING):
        yield "scoring.points", "must be above 0, unless a critical question earns all or nothing"


def _expected_problems(question: Question) -> Iterator[tuple[str, str]]:
    expected = question.scoring.expected
    if expected is None:
        yield "scoring.expected", "is needed for expected_value"
        return
    if question.type is QuestionType.CALCULATED:
        return  # of what type it is shows only when it is reckoned
    multiple = question.type is QuestionType.MULTIPLE_CHOICE
    for value in expected if isinstance(expected, list) and not multiple else [expected]:
        try:
            read_answer(question, value)
        except UnreadableAnswer as error:
            yield "scoring.expected", f"is no answer that can be given: {error}"


def _choice_points_problems(question: Question) -> Iterator[tuple[str, str]]:
    if question.type not in CHOICE_TYPES:
        yield "scoring.method", f"choice_points does not go with the type {question.type}"
        return
    points = [choice.points for choice in question.choices]
    if all(one is None for one in points):
        yield "choices", "none has points"
    gains = [one for one in points if one is not None and one > 0]
    single = question.type is QuestionType.SINGLE_CHOICE
    best = max(gains, default=Decimal(0)) if single else sum(gains, Decimal(0))
    yield from _best_problems(question, best)


def _band_problems(question: Question) -> Iterator[tuple[str, str]]:
    bands = question.scoring.bands
    if question.type not in NUMBER_TYPES:
        yield "scoring.method", f"bands do not go with the type {question.type}"
    if not bands:
        yield "scoring.bands", "is needed for bands"
        return
    for number, band in enumerate(bands):
        if band.minimum is not None and band.maximum is not None and band.minimum >= band.maximum:
            yield f"scoring.bands.{number}", "its minimum is not below its maximum"
        if number and not _follows(bands[number - 1], band):
            yield (
                f"scoring.bands.{number}",
                "does not begin where the band before it ends, or later",
            )
    yield from _best_problems(question, max(band.points for band in bands))


def _follows(band: Band, following: Band) -> bool:
    if band.maximum is None or following.minimum is None:
        return False
    return band.maximum <= following.minimum


def _best_problems(question: Question, best: Decimal) -> Iterator[tuple[str, str]]:
    if best > question.scoring.points:
        yield (
            "scoring.points",
            f"is {question.scoring.points}, but the best answer earns {best}: set points to {best}",
        )


def _standard_problems(
    question: Question, questions: Mapping[str, Question]
) -> Iterator[tuple[str, str]]:
    standard = question.scoring.standard
    if standard is None:
        yield "scoring.standard", "is needed for timed_standard"
        return
    low, high = standard.minimum_s, standard.maximum_s
    if low is None and high is None:
        yield "scoring.standard", "needs maximum_s or minimum_s"
    if low is not None and high is not None and low > high:
        yield "scoring.standard.minimum_s", "is above maximum_s"
    field = "scoring.standard.start_question_id"
    if standard.start_question_id is None:
        if question.type is not QuestionType.DURATION:
            yield field, f"is needed, as the type is {question.type} and not duration"
        return
    start = questions.get(standard.start_question_id)
    if start is None:
        yield field, f"names {standard.start_question_id}, which is no question here"
    elif start.id == question.id:
        yield field, "is the question itself"
    elif question.type not in CLOCK_TYPES or start.type is not question.type:
        yield (
            field,
            f"start ({start.type}) and end ({question.type}) must both be of type time or moment",
        )


def _start_problems(
    question: Question, section: Section, questionnaire: Questionnaire
) -> Iterator[tuple[str, str]]:
    """A start within other repetitions could not be told."""
    start_id = question.scoring.standard and question.scoring.standard.start_question_id
    start = questionnaire.section_of.get(start_id or "")
    if start is not None and start.repeat and start is not section:
        yield "scoring.standard.start_question_id", f"names {start_id}, which repeats elsewhere"


def _count_problems(question: Question) -> Iterator[tuple[str, str]]:
    if question.type not in NUMBER_TYPES or question.type is QuestionType.DURATION:
        yield "scoring.method", f"counted_standard does not go with the type {question.type}"
    count = question.scoring.count
    if count is None or (count.minimum is None and count.maximum is None):
        yield "scoring.count", "needs maximum or minimum"
    elif count.minimum is not None and count.maximum is not None and count.minimum > count.maximum:
        yield "scoring.count.minimum", "is above maximum"


def _indicator_problems(question: Question) -> Iterator[tuple[str, str]]:
    if question.scoring.indicator is None:
        return
    if question.type is not QuestionType.RATING:
        yield "scoring.indicator", f"needs a rating, and the type is {question.type}"
    elif (
        question.scoring.indicator is Indicator.NPS
        and (question.minimum, question.maximum) != NPS_RANGE
    ):
        yield "scoring.indicator", "the NPS needs a rating from 0 to 10"


def _left_over(scoring: Scoring) -> Iterator[tuple[str, str]]:
    """What another method would use: a sign of a mistake, as it has no effect."""
    for field, given, method in (
        ("expected", scoring.expected is not None, ScoringMethod.EXPECTED_VALUE),
        ("bands", bool(scoring.bands), ScoringMethod.BANDS),
        ("standard", scoring.standard is not None, ScoringMethod.TIMED_STANDARD),
        ("count", scoring.count is not None, ScoringMethod.COUNTED_STANDARD),
    ):
        if given and scoring.method is not method:
            yield f"scoring.{field}", f"has a meaning for the method {method} only"
