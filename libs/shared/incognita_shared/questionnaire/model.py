"""The native questionnaire as authors write it: sections, questions, scoring, evidence."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from incognita_shared.questionnaire.compiled import Test, compiled
from incognita_shared.questionnaire.conditions import checked_rule, named_questions
from incognita_shared.values import EvidenceKind, Exact, Id, Value

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$")]
"""A language tag by BCP 47."""

Wording = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
OptionalTexts = Annotated[dict[Language, Wording], Field(max_length=50)]
Texts = Annotated[OptionalTexts, Field(min_length=1)]
"""Language tag → text."""

Condition = Annotated[dict[str, Any] | bool, AfterValidator(checked_rule)]
"""A JsonLogic rule over ``{"answers": {question id: value}, "value": the own answer}``."""

Number = Annotated[Exact, Field(ge=-(10**12), le=10**12, max_digits=18, decimal_places=6)]

ExpectedValue = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]
    | Annotated[StrictFloat, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=500, pattern=r"^[^\x00]*$")]
)
Expected = ExpectedValue | Annotated[list[ExpectedValue], Field(min_length=1, max_length=200)]
"""What an answer must be: one value, or for a multiple choice the very set of choice ids, or for
any other type a list of values of which one must be given."""

Seconds = Annotated[Exact, Field(ge=0, le=366 * 86_400, decimal_places=3)]
Points = Annotated[Exact, Field(ge=-10_000, le=10_000, max_digits=10, decimal_places=4)]
Weight = Annotated[Exact, Field(ge=0, le=1000, max_digits=8, decimal_places=4)]


class QuestionType(StrEnum):
    """What an answer looks like in JSON is said beside each type."""

    SINGLE_CHOICE = "single_choice"  # a choice id
    MULTIPLE_CHOICE = "multiple_choice"  # a list of choice ids, each at most once
    BOOLEAN = "boolean"  # true or false
    INTEGER = "integer"
    DECIMAL = "decimal"  # a number, or a string with a decimal point
    TEXT = "text"
    DATE = "date"  # YYYY-MM-DD
    TIME = "time"  # HH:MM[:SS]
    MOMENT = "moment"  # RFC 3339 with a zone
    DURATION = "duration"  # seconds, a number ≥ 0
    RATING = "rating"  # an integer between minimum and maximum
    NOTE = "note"  # shown only; takes no answer


class Choice(Value):
    """One answer to choose; ``points`` counts for the method ``choice_points``."""

    id: Id
    label: Texts
    points: Points | None = None


class Band(Value):
    """``points`` for an answer from ``minimum`` (inclusive) to ``maximum`` (exclusive)."""

    minimum: Number | None = None
    maximum: Number | None = None
    points: Points


class CriticalEffect(StrEnum):
    """What a critical question does whose outcome is ``missed``: it earned nothing."""

    FAIL_VISIT = "fail_visit"
    FAIL_SECTION = "fail_section"
    CAP_VISIT = "cap_visit"


class ScoringMethod(StrEnum):
    """How an answer becomes points.

    expected_value: all points or none. choice_points: those of the choice, or the sum over the
    choices taken. bands: those of the band in which the number lies, else none. timed_standard: all
    points or none. none: the question does not count.
    """

    EXPECTED_VALUE = "expected_value"
    CHOICE_POINTS = "choice_points"
    BANDS = "bands"
    TIMED_STANDARD = "timed_standard"
    NONE = "none"


class TimedStandard(Value):
    """At most (or at least) so many seconds, measured, or between two answers.

    Either the question itself answers a duration in seconds, or ``start_question_id`` names the
    answer of the same type (moment or time) from which the question's own answer is reckoned; a
    time earlier than its start is one of the next day. The grace is added to ``maximum_s`` and
    taken off ``minimum_s``; both limits are met when they are hit exactly.
    """

    start_question_id: Id | None = None
    maximum_s: Seconds | None = None
    minimum_s: Seconds | None = None
    grace_s: Seconds = Decimal(0)


class Scoring(Value):
    """How one question scores. ``points`` is what a full answer earns, whatever the method.

    ``cap`` is the highest score of a visit whose critical question with ``cap_visit`` was missed.
    """

    method: ScoringMethod = ScoringMethod.NONE
    points: Points = Decimal(1)
    expected: Expected | None = None
    bands: Annotated[tuple[Band, ...], Field(max_length=100)] = ()
    standard: TimedStandard | None = None
    critical: CriticalEffect | None = None
    cap: Annotated[Exact, Field(ge=0, le=100)] | None = None
    not_applicable_allowed: bool = False


class EvidenceRule(Value):
    """Evidence that this question asks for, when its condition holds (always, if there is none)."""

    kind: EvidenceKind
    minimum_count: Annotated[int, Field(ge=0, le=20)] = 1
    maximum_count: Annotated[int, Field(ge=1, le=50)] = 10
    when: Condition | None = None
    position_required: bool = False

    @cached_property
    def condition(self) -> Test | None:
        """``when``, ready to run."""
        return None if self.when is None else compiled(self.when)


class Question(Value):
    """One question; its id is stable for ever. An answer of null with ``N/A`` allowed means N/A.

    ``minimum`` and ``maximum`` bound a number, the length of a text, or how many choices are taken.
    """

    id: Id
    type: QuestionType
    label: Texts
    hint: OptionalTexts = Field(default_factory=dict)
    choices: Annotated[tuple[Choice, ...], Field(max_length=500)] = ()
    minimum: Number | None = None
    maximum: Number | None = None
    required: bool = True
    relevant: Condition | None = None
    constraint: Condition | None = None
    constraint_message: OptionalTexts = Field(default_factory=dict)
    scoring: Scoring = Scoring()
    evidence: Annotated[tuple[EvidenceRule, ...], Field(max_length=10)] = ()
    visible_to_client: bool = True

    @cached_property
    def choice_ids(self) -> frozenset[str]:
        """The ids of its choices."""
        return frozenset(choice.id for choice in self.choices)

    @cached_property
    def applies(self) -> Test | None:
        """``relevant``, ready to run."""
        return None if self.relevant is None else compiled(self.relevant)

    @cached_property
    def holds(self) -> Test | None:
        """``constraint``, ready to run."""
        return None if self.constraint is None else compiled(self.constraint)

    def conditions(self) -> Iterator[dict[str, Any] | bool]:
        """All its conditions."""
        for rule in (self.relevant, self.constraint, *(each.when for each in self.evidence)):
            if rule is not None:
                yield rule


class Section(Value):
    """Questions that make one score; sections count by their weight."""

    id: Id
    title: Texts
    weight: Weight = Decimal(1)
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=500)]


class ScoreRules(Value):
    """Rounding (half up) of scores, and the mark from which the rounded score passes, 0 to 100."""

    decimals: Annotated[int, Field(ge=0, le=4)] = 2
    pass_mark: Annotated[Exact, Field(ge=0, le=100)] | None = None


class Questionnaire(Value):
    """A whole questionnaire. Question and section ids are unique in it."""

    title: Texts
    default_language: Language
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=50)]
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=100)]
    score: ScoreRules = ScoreRules()
    format: Literal[1] = 1

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Every question with its section, in order."""
        for section in self.sections:
            for question in section.questions:
                yield section, question

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """Question id → question, in order: worked out once, for every report asks for it."""
        return {question.id: question for _, question in self.questions()}

    @cached_property
    def with_evidence(self) -> tuple[Question, ...]:
        """The questions that may ask for evidence."""
        return tuple(question for _, question in self.questions() if question.evidence)

    @cached_property
    def reckoned_with(self) -> frozenset[str]:
        """The ids of the questions whose answers some condition may read, as path or as value."""
        rules = [(each.id, rule) for _, each in self.questions() for rule in each.conditions()]
        return frozenset(own for own, _ in rules).union(*(named_questions(r) for _, r in rules))
