"""A visit's score as this service keeps it: newest revision, review, what was decided."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from incognita_scoring.engine.ratings import Rating
from incognita_scoring.engine.rulings import RulingKind, Rulings
from incognita_scoring.rules import OUTCOME, SILENT, RejectReason, ReviewState, Verb
from incognita_scoring.urgency import Reason
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import QuestionScore, SectionScore, StageScore
from incognita_shared.values import Answers, Attributes, Channel, Exact, Id, Moment, Value


class DecidedBy(StrEnum):
    """Who decided.

    ``cancellation``: the visit was called off, so its report never counts. ``rescore``: an approved
    report stays approved with the score of a corrected questionnaire. ``appeal``: it stays approved
    with what an appeal changed.
    """

    RULE = "rule"
    REVIEWER = "reviewer"
    CANCELLATION = "cancellation"
    RESCORE = "rescore"
    APPEAL = "appeal"


class Decision(Value):
    """One decision about one revision of a report; ``text`` is the note or the reason.

    ``question_ids``: what a return marked, or a correction changed. ``opened_at``: since when the
    report had waited for it; for a second reviewer since the first one's approval.
    """

    verb: Verb
    by: DecidedBy
    key_id: str | None
    text: str | None
    report_revision: int
    score_revision: int
    decided_at: Moment
    reason_code: RejectReason | None = None
    question_ids: tuple[str, ...] = ()
    opened_at: Moment | None = None


class Ruling(Value):
    """What an appeal decided of one question (of one repetition), beside the answers.

    It holds in every later revision that is made from the same report.
    """

    question_id: str
    instance: int | None
    kind: RulingKind
    appeal_id: Id


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
    ratings: tuple[Rating, ...] = ()
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
    rulings: tuple[Ruling, ...] = ()
    stages: tuple[StageScore, ...] = ()
    reason: str
    author: str

    @property
    def ruled(self) -> Rulings:
        """The rulings as the engine takes them."""
        return {(each.question_id, each.instance): each.kind for each in self.rulings}


class Score(Scored):
    """The newest revision and its review. ``seq`` is that of the visit's last event.

    ``locked_by`` is the reviewer's key that claimed it, until ``locked_until``; ``endorsed_by`` the
    one that approved first, where ``second_grounds`` ask for a second. ``corrected_points``: by how
    much reviewers' corrections moved the score of this report. ``faults``: findings and doubts that
    asked for a reviewer, of all its report revisions.
    """

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
    decide_by: Moment | None = None
    reasons: tuple[Reason, ...] = ()
    wave_ends_at: Moment | None = None
    locked_by: str | None = None
    locked_until: Moment | None = None
    endorsed_by: str | None = None
    second_grounds: tuple[str, ...] = ()
    corrected_points: Exact = Decimal(0)
    faults: int = 0
    reviewed: bool = False
    """Whether a person has ever decided about it."""
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
        reason_code: RejectReason | None = None,
        question_ids: tuple[str, ...] = (),
    ) -> Self:
        """The score after this decision, whose event (if any) has the ``seq`` of the result."""
        decision = Decision(
            verb=verb,
            by=by,
            key_id=key_id,
            text=text,
            report_revision=self.report_revision,
            score_revision=self.score_revision,
            decided_at=at,
            reason_code=reason_code,
            question_ids=question_ids,
            opened_at=self.decisions[-1].decided_at if self.endorsed_by else self.opened_at,
        )
        change = {
            "state": OUTCOME[verb],
            "decisions": (*self.decisions, decision),
            "seq": self.seq + (verb not in SILENT),
            "endorsed_by": key_id if verb is Verb.ENDORSE else None,
            "reviewed": self.reviewed or by is DecidedBy.REVIEWER,
        }
        unlocked = {} if verb is Verb.CORRECT else {"locked_by": None, "locked_until": None}
        return self.model_copy(update=change | unlocked)

    def approved_revisions(self) -> frozenset[int]:
        """The score revisions whose approval holds, or did until a later revision took over."""
        approved: set[int] = set()
        for each in self.decisions:
            if each.verb is Verb.APPROVE:
                approved.add(each.score_revision)
            elif each.verb in (Verb.UNAPPROVE, Verb.REJECT):
                approved.clear()
        return frozenset(approved)

    def lock_of_another(self, key_id: str, at: datetime) -> datetime | None:
        """Until when another reviewer has claimed it; None if nobody else has."""
        held = self.locked_until is not None and self.locked_until > at
        return self.locked_until if held and self.locked_by != key_id else None
