"""What callers are shown. Nothing in here tells who the shopper was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from incognita_scoring.rules import RejectReason, ReviewState, Verb
from incognita_scoring.score import DecidedBy
from incognita_scoring.urgency import Reason
from incognita_shared.clock import now
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import Outcome, SectionScore, StageScore
from incognita_shared.values import Channel, Exact

Percent = Annotated[Exact | None, Field(description="0 to 100; null where nothing counted")]


class QuestionView(BaseModel):
    """One question with its points and the reason for them."""

    question_id: str
    section_id: str
    label: Annotated[dict[str, str], Field(description="Language → the question")]
    earned: Exact
    possible: Annotated[Exact, Field(description="0 where the question does not count")]
    outcome: Outcome
    critical: bool
    why: Annotated[str, Field(examples=["Answered no, expected yes: 0 of 5 points."])]
    instance: Annotated[
        int | None, Field(description="The repetition of its section, from 0; null if it has none")
    ]


class ScoreRow(BaseModel):
    """A score in a list."""

    visit_id: str
    branch_id: str
    wave_id: str
    programme_id: str
    channel: Channel
    state: ReviewState
    score: Percent
    passed: Annotated[bool | None, Field(description="null where there is no pass mark")]
    report_revision: int
    score_revision: int
    visited_at: datetime
    scored_at: datetime

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """A row from a stored document."""
        return cls.model_validate({**document, "visit_id": document["_id"]})


class ScoreView(BaseModel):
    """An approved score as the chain sees it."""

    visit_id: str
    branch_id: str
    wave_id: str
    programme_id: str
    channel: Channel
    scenario: str
    state: ReviewState
    report_revision: int
    score_revision: int
    questionnaire_id: str
    questionnaire_version: int
    engine_version: str
    score: Percent
    passed: bool | None
    critical_failed: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    stages: tuple[StageScore, ...]
    questions: tuple[QuestionView, ...]
    visited_at: datetime
    scored_at: datetime


class DecisionView(BaseModel):
    """A decision about one revision of the report."""

    verb: Verb
    by: DecidedBy
    key_id: Annotated[str | None, Field(description="The reviewer's key")]
    text: Annotated[str | None, Field(description="Note or reason")]
    report_revision: int
    score_revision: int
    decided_at: datetime
    reason_code: RejectReason | None
    question_ids: Annotated[
        tuple[str, ...], Field(description="What a return marked, or a correction changed")
    ]


class LockView(BaseModel):
    """Which reviewer has claimed a report, and until when."""

    key_id: str
    until: datetime


def lock_of(key_id: str | None, until: datetime | None) -> LockView | None:
    """The lock, unless it has run out."""
    if key_id is None or until is None or until <= now():
        return None
    return LockView(key_id=key_id, until=until)


class ReviewedScore(ScoreView):
    """A score as reviewers and the agency see it: all questions, findings and decisions."""

    findings: tuple[Finding, ...]
    doubts: Annotated[tuple[str, ...], Field(description="What the engine could not decide")]
    allowed: Annotated[tuple[Verb, ...], Field(description="What can be decided now")]
    decisions: tuple[DecisionView, ...]
    hidden_questions: Annotated[tuple[str, ...], Field(description="Not shown to the chain")]
    opened_at: datetime
    decide_by: Annotated[
        datetime | None, Field(description="The queue's order: the earliest first")
    ]
    reasons: Annotated[tuple[Reason, ...], Field(description="What makes it more pressing")]
    second_grounds: Annotated[
        tuple[str, ...], Field(description="Why a second reviewer must approve it too")
    ]
    lock: Annotated[LockView | None, Field(description="Who has claimed it, if anybody")]


class ReviewRow(ScoreRow):
    """A report in the reviewers' queue."""

    critical_failed: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]
    opened_at: Annotated[datetime, Field(description="Since when it is there")]
    decide_by: Annotated[datetime | None, Field(description="The list's order: the earliest first")]
    reasons: tuple[Reason, ...]
    second_grounds: tuple[str, ...]
    lock: LockView | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """A row from a stored document, also from one of before there was an order."""
        new = {"decide_by": None, "reasons": (), "second_grounds": ()}
        lock = lock_of(document.get("locked_by"), document.get("locked_until"))
        return cls.model_validate({**new, **document, "visit_id": document["_id"], "lock": lock})


class RevisionView(BaseModel):
    """One revision of a score, as it was made; it never changes."""

    visit_id: str
    score_revision: int
    report_revision: int
    questionnaire_id: str
    questionnaire_version: int
    engine_version: str
    reason: str
    author: Annotated[str, Field(description="`rule`, or the key that asked for it")]
    approved: bool
    score: Percent
    passed: bool | None
    critical_failed: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    stages: tuple[StageScore, ...]
    questions: tuple[QuestionView, ...]
    scored_at: datetime


class AnswerChange(BaseModel):
    """An answer that differs from the revision before; null where there is none."""

    question_id: Annotated[str, Field(examples=["staff[0].greeted"])]
    before: Any
    after: Any


class ReviewedRevision(RevisionView):
    """One revision as reviewers and the agency see it."""

    changes: Annotated[
        tuple[AnswerChange, ...],
        Field(description="Answers that the revision before had otherwise"),
    ]


class ClaimedReview(BaseModel):
    """The report that is the caller's now; null where none waits that is free."""

    review: ReviewedScore | None


class WaveCounts(BaseModel):
    """How many reports of a wave are scored, and in which states."""

    wave_id: str
    scored: int
    waiting: int
    second_review: int
    approved: int
    returned: int
    rejected: int
