"""A visit as evidence knows it: what assignment said, and what was agreed on."""

from enum import StrEnum

from incognita_shared.values import Channel, EvidenceRequirement, Id, Moment, Position, Value


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
    state: VisitState
    return_reason: str | None = None
    last_seq: int

    @property
    def questionnaire_key(self) -> str:
        """The id under which its questionnaire version is kept."""
        return f"{self.questionnaire_id}:{self.questionnaire_version}"
