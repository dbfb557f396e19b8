"""How a question scores: methods, standards, what a critical miss does, indicators."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from incognita_shared.questionnaire.model.texts import (
    Expected,
    Number,
    OptionalTexts,
    Percent,
    Points,
    Seconds,
    Weight,
)
from incognita_shared.values import Id, Value


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
    choices taken. bands: those of the band in which the number lies, else none. timed_standard and
    counted_standard: all points or none. none: the question does not count.
    """

    EXPECTED_VALUE = "expected_value"
    CHOICE_POINTS = "choice_points"
    BANDS = "bands"
    TIMED_STANDARD = "timed_standard"
    COUNTED_STANDARD = "counted_standard"
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


class CountedStandard(Value):
    """A number from ``minimum`` to ``maximum``, both included: "answered within 2 rings".

    ``unit`` is what is counted, by language, for the reason that a branch reads.
    """

    minimum: Number | None = None
    maximum: Number | None = None
    unit: OptionalTexts = Field(default_factory=dict)


class Indicator(StrEnum):
    """A measure over many reports to which a rating contributes; see ``scoring.indicators``."""

    NPS = "nps"  # a rating from 0 to 10
    CSI = "csi"


class Scoring(Value):
    """How one question scores. ``points`` is what a full answer earns, whatever the method.

    A bonus adds what it earns and takes nothing away where it is missed: its points are earned, but
    not possible ones. ``cap`` is the highest score of a visit whose critical question with
    ``cap_visit`` was missed. ``importance`` weighs a rating within the CSI.
    """

    method: ScoringMethod = ScoringMethod.NONE
    points: Points = Decimal(1)
    bonus: bool = False
    expected: Expected | None = None
    bands: Annotated[tuple[Band, ...], Field(max_length=100)] = ()
    standard: TimedStandard | None = None
    count: CountedStandard | None = None
    critical: CriticalEffect | None = None
    cap: Percent | None = None
    not_applicable_allowed: bool = False
    indicator: Indicator | None = None
    importance: Weight = Decimal(1)
