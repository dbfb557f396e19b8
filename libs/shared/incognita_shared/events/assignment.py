"""Events of the assignment service: the catalog (compacted) and the visits."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event, Private, ShopperId, VisitEvent
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import (
    Attributes,
    Channel,
    Id,
    Moment,
    Money,
    Ownership,
    Position,
    Sha256,
    Terms,
    Text,
)

CATALOG = "assignment.catalog.v1"
EVENTS = "assignment.events.v1"


class ChainChanged(Event):
    """A chain as it is now."""

    noun: ClassVar[str] = "chain"
    verb: ClassVar[str] = "changed"
    topic: ClassVar[str] = CATALOG

    name: Text
    languages: tuple[str, ...]
    version: int

    @property
    def key(self) -> str:
        return self.chain_id

    @property
    def subject(self) -> str:
        return self.chain_id


class BranchChanged(Event):
    """A branch as it is now. A closed one stays, with ``closed`` set."""

    noun: ClassVar[str] = "branch"
    verb: ClassVar[str] = "changed"
    topic: ClassVar[str] = CATALOG

    branch_id: Id
    store_id: Text
    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    ownership: Ownership
    franchisee_id: str | None
    time_zone: str
    position: Position | None
    geofence_m: int
    attributes: Attributes = Field(default_factory=dict)
    closed: bool
    version: int

    @property
    def key(self) -> str:
        return self.branch_id

    @property
    def subject(self) -> str:
        return self.branch_id


class QuestionnairePublished(Event):
    """A questionnaire version; it never changes afterwards."""

    noun: ClassVar[str] = "questionnaire"
    verb: ClassVar[str] = "published"
    topic: ClassVar[str] = CATALOG

    questionnaire_id: Id
    version: Annotated[int, Field(ge=1)]
    definition: Questionnaire

    @property
    def key(self) -> str:
        return f"{self.questionnaire_id}:{self.version}"

    @property
    def subject(self) -> str:
        return self.key


class WaveChanged(Event):
    """A wave as it is now."""

    noun: ClassVar[str] = "wave"
    verb: ClassVar[str] = "changed"
    topic: ClassVar[str] = CATALOG

    wave_id: Id
    programme_id: Id
    name: Text
    state: str
    channel: Channel
    scenario: str
    questionnaire_id: Id
    questionnaire_version: int
    starts_at: Moment
    ends_at: Moment
    version: int

    @property
    def key(self) -> str:
        return self.wave_id

    @property
    def subject(self) -> str:
        return self.wave_id


class ApiKeyChanged(Event):
    """An API key's hash and rights, so that every service can check it by itself."""

    noun: ClassVar[str] = "api_key"
    verb: ClassVar[str] = "changed"
    topic: ClassVar[str] = CATALOG

    key_id: Id
    secret_sha256: Annotated[Sha256, Private]
    role: str
    shopper_id: Annotated[Id | None, Private] = None
    franchisee_id: str | None = None
    branch_ids: tuple[str, ...] = ()
    revoked: bool
    version: int

    @property
    def key(self) -> str:
        return self.key_id

    @property
    def subject(self) -> str:
        return self.key_id


class VisitOffered(VisitEvent):
    """A visit with its terms, offered to one shopper.

    ``branch``: the branch's attributes as they were then, its own and city, region, country and
    ownership, for the conditions of the questionnaire. ``place``: its name and address, for people.
    """

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "offered"
    topic: ClassVar[str] = EVENTS

    programme_id: Id
    shopper_id: ShopperId
    questionnaire_id: Id
    questionnaire_version: int
    channel: Channel
    scenario: str
    terms: Terms
    time_zone: str
    position: Position | None
    geofence_m: int
    branch: Attributes = Field(default_factory=dict)
    place: Annotated[str, Field(max_length=1_000)] = ""
    offered_at: Moment


class VisitAccepted(VisitEvent):
    """The shopper took the visit on."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "accepted"
    topic: ClassVar[str] = EVENTS

    accepted_at: Moment


class VisitDeclined(VisitEvent):
    """The shopper turned the offer down."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "declined"
    topic: ClassVar[str] = EVENTS

    reason: str
    declined_at: Moment


class VisitExpired(VisitEvent):
    """Nobody took the offer in time, or the report did not come by its due date."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "expired"
    topic: ClassVar[str] = EVENTS

    expired_at: Moment


class VisitCancelled(VisitEvent):
    """The visit is called off; no report is taken any more."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "cancelled"
    topic: ClassVar[str] = EVENTS

    reason: str
    cancelled_at: Moment


class VisitReturned(VisitEvent):
    """The report went back to the shopper, who may correct it until ``due_at``."""

    noun: ClassVar[str] = "visit"
    verb: ClassVar[str] = "returned"
    topic: ClassVar[str] = EVENTS

    report_revision: int
    reason: str
    question_ids: tuple[str, ...] = ()
    """What the reviewer marked; empty: the whole report."""
    due_at: Moment


class PayoutDue(VisitEvent):
    """The shopper has earned fee and reimbursement for an approved report."""

    noun: ClassVar[str] = "payout"
    verb: ClassVar[str] = "due"
    topic: ClassVar[str] = EVENTS

    payout_id: Id
    shopper_id: ShopperId
    fee: Money
    reimbursement: Money
    due_on: Moment


class PayoutWithdrawn(VisitEvent):
    """Nothing is due any more: the approval was taken back before the agency had paid.

    If the report is approved after all, ``payout.due`` is said again with the same id.
    """

    noun: ClassVar[str] = "payout"
    verb: ClassVar[str] = "withdrawn"
    topic: ClassVar[str] = EVENTS

    payout_id: Id
    withdrawn_at: Moment


class PayoutPaid(VisitEvent):
    """The agency has paid."""

    noun: ClassVar[str] = "payout"
    verb: ClassVar[str] = "paid"
    topic: ClassVar[str] = EVENTS

    payout_id: Id
    reference: str
    paid_at: Moment


ASSIGNMENT_EVENTS: tuple[type[Any], ...] = (
    ChainChanged, BranchChanged, QuestionnairePublished, WaveChanged, ApiKeyChanged,
    VisitOffered, VisitAccepted, VisitDeclined, VisitExpired, VisitCancelled, VisitReturned,
    PayoutDue, PayoutWithdrawn, PayoutPaid,
)  # fmt: skip
