"""What a form must be whatever its scores: ids, languages, choices, ranges, evidence."""

from collections import Counter
from collections.abc import Iterator, Mapping

from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    Question,
    Questionnaire,
    QuestionType,
    ScoringMethod,
    Subject,
)
from incognita_shared.questionnaire.reading import UnreadableAnswer, read_answer

MOST_QUESTIONS = 1000
CHOICE_TYPES = (QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE)
RANGED_TYPES = (
    QuestionType.INTEGER,
    QuestionType.DECIMAL,
    QuestionType.DURATION,
    QuestionType.RATING,
    QuestionType.TEXT,
    QuestionType.MULTIPLE_CHOICE,
    *MEDIA_TYPES,
)


def form_problems(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    """Path and cause of each problem of the questionnaire as a whole."""
    sections = questionnaire.sections
    questions = [question for _, question in questionnaire.questions()]
    if len(questions) > MOST_QUESTIONS:
        yield "sections", f"has {len(questions)} questions, more than {MOST_QUESTIONS}"
    yield from _twice("sections", "section", [section.id for section in sections])
    yield from _twice("sections", "question", [question.id for question in questions])
    yield from _twice("languages", "language", list(questionnaire.languages))
    if questionnaire.default_language not in questionnaire.languages:
        yield "default_language", "is not among the languages"
    for path, texts in _texts(questionnaire):
        yield from _language_problems(path, texts, questionnaire)
    if not any(
        section.weight > 0 and question.scoring.points > 0
        for section, question in questionnaire.questions()
        if question.scoring.method is not ScoringMethod.NONE
        and not question.scoring.bonus
        and section.subject is not Subject.COMPETITOR
    ):
        yield "sections", "no question with points in a section of weight above 0"


def question_problems(question: Question) -> Iterator[tuple[str, str]]:
    """Field and cause of each problem of one question as the shopper meets it."""
    if "." in question.id:
        yield "id", "has a dot, which parts the steps of a path in conditions"
    yield from _choice_problems(question)
    yield from _range_problems(question)
    for number, rule in enumerate(question.evidence):
        if rule.minimum_count > rule.maximum_count:
            yield f"evidence.{number}.minimum_count", "is above maximum_count"
    if question.constraint_message and question.constraint is None:
        yield "constraint_message", "there is no constraint"
    if question.required_message and question.required is False:
        yield "required_message", "the question need not be answered"
    yield from _calculation_problems(question)
    if question.default is not None:
        try:
            read_answer(question, question.default)
        except UnreadableAnswer as error:
            yield "default", f"is no answer that can be given: {error}"


def _calculation_problems(question: Question) -> Iterator[tuple[str, str]]:
    calculated = question.type is QuestionType.CALCULATED
    if calculated and question.calculation is None:
        yield "calculation", "is needed for the type calculated"
    if not calculated and question.calculation is not None:
        yield "calculation", f"a question of type {question.type} is answered, not calculated"
    if calculated and question.evidence:
        yield "evidence", "nothing is asked here that evidence could prove"


def _choice_problems(question: Question) -> Iterator[tuple[str, str]]:
    if question.type not in CHOICE_TYPES:
        if question.choices:
            yield "choices", f"a question of type {question.type} has no choices"
        return
    if len(question.choices) < 2:  # noqa: PLR2004 - a choice is between two
        yield "choices", f"a question of type {question.type} has at least two choices"
    yield from _twice("choices", "choice", [choice.id for choice in question.choices])


def _range_problems(question: Question) -> Iterator[tuple[str, str]]:
    low, high = question.minimum, question.maximum
    if question.type not in RANGED_TYPES:
        for field in ("minimum", "maximum"):
            if getattr(question, field) is not None:
                yield field, f"a question of type {question.type} has no range"
    elif low is not None and high is not None and low > high:
        yield "minimum", "is above maximum"
    if question.type is QuestionType.RATING:
        for field, limit in (("minimum", low), ("maximum", high)):
            if limit is None or limit != limit.to_integral_value():
                yield field, "a rating has an integer here"


def _texts(questionnaire: Questionnaire) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "title", questionnaire.title
    for number, stage in enumerate(questionnaire.stages):
        yield f"stages.{number}.title", stage.title
    for number, section in enumerate(questionnaire.sections):
        yield f"sections.{number}.title", section.title
        for place, question in enumerate(section.questions):
            path = f"sections.{number}.questions.{place}"
            yield f"{path}.label", question.label
            for index, choice in enumerate(question.choices):
                yield f"{path}.choices.{index}.label", choice.label
            for field in ("hint", "constraint_message", "required_message"):
                if texts := getattr(question, field):
                    yield f"{path}.{field}", texts
            if question.scoring.count and question.scoring.count.unit:
                yield f"{path}.scoring.count.unit", question.scoring.count.unit


def _language_problems(
    path: str, texts: Mapping[str, str], questionnaire: Questionnaire
) -> Iterator[tuple[str, str]]:
    if questionnaire.default_language not in texts:
        yield path, f"is missing in the default language {questionnaire.default_language}"
    for language in texts.keys() - set(questionnaire.languages):
        yield path, f"is in {language}, which is not among the languages"
    for language, text in texts.items():
        if not text.strip():
            yield path, f"is blank in {language}"


def _twice(path: str, what: str, ids: list[str]) -> Iterator[tuple[str, str]]:
    for identifier, times in Counter(ids).items():
        if times > 1:
            yield path, f"the {what} {identifier} is there {times} times"
