"""Events of the scoring service: scores and the reviewer's word."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event, ShopperId, VisitEvent
from incognita_shared.values import Exact, Id, Moment, Value

EVENTS = "scoring.events.v1"


class Outcome(StrEnum):
    """What became of one question."""

    MET = "met"
    PARTIAL = "partial"
    MISSED = "missed"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASKED = "not_asked"
    UNSCORED = "unscored"


class QuestionScore(Value):
    """Points of one question; ``possible`` is 0 where it does not count."""

    question_id: Id
    section_id: Id
    earned: Exact
    possible: Exact
    outcome: Outcome
    critical: bool = False
    why: str = ""


class SectionScore(Value):
    """Points of one section and its score, 0 to 100, or None where nothing in it counts."""

    section_id: Id
    earned: Exact
    possible: Exact
    weight: Exact
    score: Exact | None


class VisitScored(VisitEvent):
    """One revision of a visit's score, 0 to 100 (None where nothing counted)."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "scored"
    topic: ClassVar[str] = EVENTS

    score_revision: Annotated[int, Field(ge=1)]
    report_revision: Annotated[int, Field(ge=1)]
    programme_id: Id
    shopper_id: ShopperId
    questionnaire_id: Id
    questionnaire_version: int
    engine_version: str
    score: Exact | None
    passed: bool | None
    critical_failed: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    questions: tuple[QuestionScore, ...]
    visited_at: Moment
    scored_at: Moment


class ReportApproved(VisitEvent):
    """The report counts. ``approved_by`` is ``rule`` or ``reviewer``."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "approved"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    score_revision: int
    score: Exact | None
    passed: bool | None
    critical_failed: tuple[str, ...]
    approved_by: str
    approved_at: Moment


class ReportReturned(VisitEvent):
    """The reviewer wants the shopper to correct the report."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "returned"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    reason: str
    returned_at: Moment


class ReportRejected(VisitEvent):
    """The report does not count and is not paid."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "rejected"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    reason: str
    rejected_at: Moment


SCORING_EVENTS: tuple[type[Event], ...] = (
    VisitScored, ReportApproved, ReportReturned, ReportRejected,
)  # fmt: skip
