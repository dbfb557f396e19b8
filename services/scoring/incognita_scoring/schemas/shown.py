"""What callers are shown. Nothing in here tells who the shopper was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from incognita_scoring.rules import ReviewState, Verb
from incognita_scoring.score import DecidedBy
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import Outcome, SectionScore
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


class ReviewedScore(ScoreView):
    """A score as reviewers and the agency see it: all questions, findings and decisions."""

    findings: tuple[Finding, ...]
    doubts: Annotated[tuple[str, ...], Field(description="What the engine could not decide")]
    allowed: Annotated[tuple[Verb, ...], Field(description="What can be decided now")]
    decisions: tuple[DecisionView, ...]
    hidden_questions: Annotated[tuple[str, ...], Field(description="Not shown to the chain")]
    opened_at: datetime


class ReviewRow(ScoreRow):
    """A report in the reviewers' queue."""

    critical_failed: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]
    opened_at: Annotated[datetime, Field(description="Since when it is there")]


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
    questions: tuple[QuestionView, ...]
    scored_at: datetime


class WaveCounts(BaseModel):
    """How many reports of a wave are scored, and in which states."""

    wave_id: str
    scored: int
    waiting: int
    approved: int
    returned: int
    rejected: int
