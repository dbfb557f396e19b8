"""A visit's score as this service keeps it: newest revision, review, what was decided."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from incognita_scoring.rules import ReviewState, Verb
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import QuestionScore, SectionScore
from incognita_shared.values import Answers, Channel, Exact, Id, Moment, Value


class DecidedBy(StrEnum):
    """Who decided."""

    RULE = "rule"
    REVIEWER = "reviewer"


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
    """A score revision with every point and the answers it was made from, kept for ever."""

    sections: tuple[SectionScore, ...]
    questions: tuple[QuestionScore, ...]
    hidden_questions: tuple[str, ...]
    """Ids of the questions that the chain's own roles do not see."""
    answers: Answers
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

    def approved_revisions(self) -> frozenset[int]:
        """The score revisions that were ever approved."""
        return frozenset(
            each.score_revision for each in self.decisions if each.verb is Verb.APPROVE
        )
