"""One visit: its agreed terms, a copy of where to go, its state and how it came there."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from incognita_assignment.attributes import FIXED, snapshot
from incognita_assignment.rules import VisitState
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.values import Attributes, Channel, Moment, Ownership, Position, Terms


class By(StrEnum):
    """Who moved a visit, by role; ``time`` is the sweeper, ``planner`` offers,
    ``rule`` approves what needs no reviewer."""

    PLANNER = "planner"
    SHOPPER = "shopper"
    AGENCY = "agency"
    REVIEWER = "reviewer"
    RULE = "rule"
    TIME = "time"


class Kept(BaseModel):
    """What a document keeps; fields of a later release are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class BranchCopy(Kept):
    """The branch as it was when the visit was offered.

    What the shopper needs to find it, and what conditions of the questionnaire may ask of it.
    """

    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    time_zone: str
    position: Position | None
    geofence_m: int
    opening_hours: Any = None
    ownership: Ownership = Ownership.UNKNOWN
    attributes: Attributes = Field(default_factory=dict)

    def asked(self) -> Attributes:
        """Its attributes with the fields that are asked for by the same path."""
        return snapshot(self.attributes, self.model_dump(include=set(FIXED), mode="json"))

    def place(self) -> str:
        """Its name and address, as a shopper looks for it."""
        return ", ".join(part for part in (self.name, self.address, self.city) if part)[:1_000]


class Step(Kept):
    """One entry of a visit's history. A note has the same state before and after."""

    move: str
    state: VisitState
    at: Moment
    by: By
    reason: str | None = None


class Visit(Kept):
    """A visit as its document keeps it.

    ``deadline_at``: when time alone moves it (offer open, report overdue). ``rotation_at``: from
    when the rotation period counts, which is the due date until the report is there. ``seq``: of
    the last event. ``judged_seq``: of scoring's last word that moved it; one that comes again has
    none later. ``marked_questions``: what the last return was about; empty: the whole report.
    ``predecessor_id``, ``successor_id``: visits offered in place of one another.
    """

    visit_id: str = Field(alias="_id")
    chain_id: str
    wave_id: str
    programme_id: str
    branch_id: str
    franchisee_id: str | None = None
    shopper_id: str
    number: int
    questionnaire_id: str
    questionnaire_version: int
    channel: Channel
    scenario: str
    terms: Terms
    branch: BranchCopy
    return_days: int
    late_hours: float
    via: str
    distance_m: float | None = None
    state: VisitState
    version: int
    seq: int
    offered_at: Moment
    due_at: Moment
    rotation_at: Moment
    deadline_at: Moment | None = None
    accepted_at: Moment | None = None
    reported_at: Moment | None = None
    report_revision: int = 0
    judged_seq: int = 0
    marked_questions: tuple[str, ...] = ()
    payout_id: str | None = None
    predecessor_id: str | None = None
    successor_id: str | None = None
    history: tuple[Step, ...] = ()

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> Self:
        """The visit that a document holds."""
        return cls.model_validate(document, extra="ignore")

    def document(self) -> dict[str, Any]:
        """JSON data, but for the times, which stay times so that indexes can order them."""
        texts = self.model_dump(mode="json", by_alias=True)
        times = {
            name: value
            for name in texts
            if isinstance(value := getattr(self, name, None), datetime)
        }
        return {**texts, **times}

    @property
    def may_report(self) -> bool:
        """Whether a report that comes now counts; see ``rules`` for one that crossed the expiry."""
        if self.state is VisitState.EXPIRED:
            return self.accepted_at is not None and self.successor_id is None
        return self.state in (VisitState.ACCEPTED, VisitState.RETURNED)

    def says(self, kind: type[VisitEvent], **facts: Any) -> VisitEvent:
        """The visit's next event."""
        return kind.model_validate(
            {
                "chain_id": self.chain_id,
                "visit_id": self.visit_id,
                "branch_id": self.branch_id,
                "wave_id": self.wave_id,
                "seq": self.seq + 1,
                **facts,
            }
        )
