"""The native questionnaire as authors write it: sections, questions, how they score, what proves them."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from incognita_shared.values import EvidenceKind, Exact, Id, Value

Texts = Annotated[dict[str, str], Field(min_length=1)]
"""Language tag (BCP 47) → text."""

Condition = dict[str, Any] | bool
"""A JsonLogic rule over ``{"answers": {question id: value}, "value": the question's own answer}``."""

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

    minimum: Exact | None = None
    maximum: Exact | None = None
    points: Points


class CriticalEffect(StrEnum):
    """What a missed critical question does."""

    FAIL_VISIT = "fail_visit"
    FAIL_SECTION = "fail_section"
    CAP_VISIT = "cap_visit"


class ScoringMethod(StrEnum):
    """How an answer becomes points."""

    EXPECTED_VALUE = "expected_value"
    CHOICE_POINTS = "choice_points"
    BANDS = "bands"
    TIMED_STANDARD = "timed_standard"
    NONE = "none"


class TimedStandard(Value):
    """At most (or at least) so many seconds, measured, or between two moments answered earlier.

    Either the question itself answers a duration in seconds, or ``start_question_id`` names the
    answer (type moment or time) from which the question's own answer is reckoned. The grace is added
    to ``maximum_s`` and taken off ``minimum_s``.
    """

    start_question_id: Id | None = None
    maximum_s: Annotated[Exact, Field(ge=0)] | None = None
    minimum_s: Annotated[Exact, Field(ge=0)] | None = None
    grace_s: Annotated[Exact, Field(ge=0)] = Decimal(0)


class Scoring(Value):
    """How one question scores. ``points`` is what a full answer earns."""

    method: ScoringMethod = ScoringMethod.NONE
    points: Points = Decimal(1)
    expected: Any = None
    bands: tuple[Band, ...] = ()
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


class Question(Value):
    """One question; its id is stable for ever. An answer of null with ``N/A`` allowed means N/A."""

    id: Id
    type: QuestionType
    label: Texts
    hint: dict[str, str] = {}
    choices: tuple[Choice, ...] = ()
    minimum: Exact | None = None
    maximum: Exact | None = None
    required: bool = True
    relevant: Condition | None = None
    constraint: Condition | None = None
    constraint_message: dict[str, str] = {}
    scoring: Scoring = Scoring()
    evidence: tuple[EvidenceRule, ...] = ()
    visible_to_client: bool = True


class Section(Value):
    """Questions that make one score; sections count by their weight."""

    id: Id
    title: Texts
    weight: Weight = Decimal(1)
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]


class ScoreRules(Value):
    """Rounding of the visit's score and the mark from which a visit passes (0 to 100)."""

    decimals: Annotated[int, Field(ge=0, le=4)] = 2
    pass_mark: Annotated[Exact, Field(ge=0, le=100)] | None = None


class Questionnaire(Value):
    """A whole questionnaire. Question and section ids are unique in it."""

    title: Texts
    default_language: str
    languages: tuple[str, ...]
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    score: ScoreRules = ScoreRules()
    format: Literal[1] = 1

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Every question with its section, in order."""
        for section in self.sections:
            for question in section.questions:
                yield section, question
