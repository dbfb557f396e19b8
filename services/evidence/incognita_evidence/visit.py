"""A visit as evidence knows it: what assignment said, and what was agreed on."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field

from incognita_shared.questionnaire.conditions import Context
from incognita_shared.values import (
    Attributes,
    Channel,
    EvidenceRequirement,
    Id,
    Moment,
    Position,
    StageTerms,
    Value,
)


class VisitState(StrEnum):
    """The states that assignment's events tell; a completed report is known by the report."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETURNED = "returned"


OPEN_STATES = frozenset({VisitState.ACCEPTED, VisitState.RETURNED})
"""The states in which a shopper may hand in."""


class Visit(Value):
    """One visit. ``last_seq``: the last of its events that is in here."""

    id: Id
    chain_id: Id
    branch_id: Id
    wave_id: Id
    programme_id: Id
    shopper_id: Id
    questionnaire_id: Id
    questionnaire_version: int
    channel: Channel
    scenario: str
    evidence: tuple[EvidenceRequirement, ...]
    due_at: Moment
    time_zone: str
    position: Position | None
    geofence_m: int
    branch: Attributes = Field(default_factory=dict)
    """The branch's attributes as they were when the visit was offered."""
    place: str = ""
    """The branch's name and address, for people."""
    stages: tuple[StageTerms, ...] = ()
    state: VisitState
    marked_questions: tuple[str, ...] = ()
    """What the reviewer marked when the report was returned; empty: all of it."""
    return_reason: str | None = None
    last_seq: int

    @property
    def questionnaire_key(self) -> str:
        """The id under which its questionnaire version is kept."""
        return f"{self.questionnaire_id}:{self.questionnaire_version}"

    def context(self, made_at: datetime | None) -> Context:
        """What conditions ask beside the answers of a report made then; None: not yet."""
        today = None if made_at is None else made_at.astimezone(ZoneInfo(self.time_zone)).date()
        return Context(
            branch=self.branch,
            visit={"scenario": self.scenario, "channel": self.channel.value},
            now=made_at,
            today=today,
        )
