"""Events of the scoring service: scores and the reviewer's word."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event, ShopperId, VisitEvent
from incognita_shared.questionnaire.model import Subject
from incognita_shared.values import Exact, Id, Moment, Text, Value

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
    """Points of one question; ``possible`` is 0 where it does not count.

    ``instance``: which repetition of its section, from 0; None where the section does not repeat.
    """

    question_id: Id
    section_id: Id
    earned: Exact
    possible: Exact
    outcome: Outcome
    critical: bool = False
    why: str = ""
    instance: int | None = None


class SectionScore(Value):
    """Points of one section and its score, 0 to 100, or None where nothing in it counts."""

    section_id: Id
    earned: Exact
    possible: Exact
    weight: Exact
    score: Exact | None
    stage_id: str | None = None
    subject: Subject = Subject.BRANCH


class StageScore(Value):
    """The score of a visit's stage, 0 to 100, or None where nothing in it counts."""

    stage_id: Id
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
    stages: tuple[StageScore, ...] = ()
    questions: tuple[QuestionScore, ...]
    reason: str = "report completed"
    author: str = "rule"
    """``rule``, or the id of the key that asked for this revision."""
    visited_at: Moment
    scored_at: Moment


class ReportApproved(VisitEvent):
    """The report counts. ``approved_by``: ``rule``, ``reviewer``, ``rescore`` or ``appeal``.

    Said again, with the new revision, when an approved report's score is revised.
    """

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
    question_ids: tuple[str, ...] = ()
    """The questions that the reviewer marked; empty: the whole report."""
    returned_at: Moment


class ReportRejected(VisitEvent):
    """The report does not count and is not paid."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "rejected"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    reason: str
    reason_code: str | None = None
    rejected_at: Moment


class ReportUnapproved(VisitEvent):
    """An approval is taken back: the report does not count until it is decided again."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "unapproved"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    score_revision: int
    reason: str
    unapproved_at: Moment


class AppealCategory(StrEnum):
    """Why an appeal was decided as it was."""

    SHOPPER_ERROR = "shopper_error"
    QUESTIONNAIRE_UNCLEAR = "questionnaire_unclear"
    NEW_EVIDENCE = "new_evidence"
    EXCEPTION = "exception"
    STANDARD_APPLIES = "standard_applies"
    NO_EVIDENCE = "no_evidence"


class AppealOpened(VisitEvent):
    """A branch disputes one question (of one repetition) of an approved report."""

    noun: ClassVar[str] = "appeal"
    verb: ClassVar[str] = "opened"
    topic: ClassVar[str] = EVENTS

    appeal_id: Id
    question_id: str
    instance: int | None = None
    score_revision: int
    decide_by: Moment
    opened_at: Moment


class AppealDecided(VisitEvent):
    """The agency's word on an appeal. If ``upheld``, a new score revision follows it."""

    noun: ClassVar[str] = "appeal"
    verb: ClassVar[str] = "decided"
    topic: ClassVar[str] = EVENTS

    appeal_id: Id
    question_id: str
    instance: int | None = None
    upheld: bool
    category: AppealCategory
    reason: Text
    decided_at: Moment


SCORING_EVENTS: tuple[type[Event], ...] = (
    VisitScored, ReportApproved, ReportReturned, ReportRejected, ReportUnapproved,
    AppealOpened, AppealDecided,
)  # fmt: skip
