"""A visit's score as this service keeps it: newest revision, review, what was decided."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from incognita_scoring.rules import OUTCOME, ReviewState, Verb
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import QuestionScore, SectionScore, StageScore
from incognita_shared.values import Answers, Attributes, Channel, Exact, Id, Moment, Value


class DecidedBy(StrEnum):
    """Who decided.

    ``cancellation``: the visit was called off, so its report never counts. ``rescore``: an approved
    report stays approved with the score of a corrected questionnaire.
    """

    RULE = "rule"
    REVIEWER = "reviewer"
    CANCELLATION = "cancellation"
    RESCORE = "rescore"


class Decision(Value):
    """One decision about one revision of a report; ``text`` is the note or the reason."""

    verb: Verb
    by: DecidedBy
    key_id: str | None
    text: str | None
    report_revision: int
    score_revision: int
    decided_at: Moment


class Scored(Value):
    """What the engine found, with the versions that made it."""

    visit_id: Id
    chain_id: Id
    score_revision: Annotated[int, Field(ge=1)]
    report_revision: Annotated[int, Field(ge=1)]
    questionnaire_id: Id
    questionnaire_version: int
    engine_version: str
    score: Exact | None
    passed: bool | None
    critical_failed: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]
    scored_at: Moment

    @property
    def revision_id(self) -> str:
        """The id of the revision that holds every point."""
        return f"{self.visit_id}:{self.score_revision}"


class Revision(Scored):
    """A score revision with every point and what it was made from, kept for ever.

    ``branch`` (its attributes), ``handed_in_at`` and ``today`` are what conditions could ask.
    ``asked_version`` is the questionnaire version that the shopper answered, where the report was
    scored by another one.
    """

    sections: tuple[SectionScore, ...]
    questions: tuple[QuestionScore, ...]
    hidden_questions: tuple[str, ...]
    """Ids of the questions that the chain's own roles do not see."""
    answers: Answers
    branch: Attributes = Field(default_factory=dict)
    handed_in_at: Moment | None = None
    today: date | None = None
    asked_version: int | None = None
    stages: tuple[StageScore, ...] = ()
    reason: str
    author: str


class Score(Scored):
    """The newest revision and its review. ``seq`` is that of the visit's last event."""

    branch_id: Id
    wave_id: Id
    programme_id: Id
    shopper_id: Id
    channel: Channel
    scenario: str
    visited_at: Moment
    state: ReviewState
    opened_at: Moment
    """Since when this revision waits, or was decided by rule."""
    decisions: tuple[Decision, ...] = ()
    seq: Annotated[int, Field(ge=1)]

    def decided(
        self,
        verb: Verb,
        *,
        by: DecidedBy,
        at: datetime,
        key_id: str | None = None,
        text: str | None = None,
    ) -> Self:
        """The score after this decision, whose event has the ``seq`` of the result."""
        decision = Decision(
            verb=verb,
            by=by,
            key_id=key_id,
            text=text,
            report_revision=self.report_revision,
            score_revision=self.score_revision,
            decided_at=at,
        )
        change = {
            "state": OUTCOME[verb],
            "decisions": (*self.decisions, decision),
            "seq": self.seq + 1,
        }
        return self.model_copy(update=change)

    def approved_revisions(self) -> frozenset[int]:
        """The score revisions that were ever approved."""
        return frozenset(
            each.score_revision for each in self.decisions if each.verb is Verb.APPROVE
        )
