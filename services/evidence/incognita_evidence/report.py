"""The report of one visit with its evidence items: one document, so one write changes it whole."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from incognita_evidence.inspection import Exif
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import Finding, StageTimes
from incognita_shared.values import (
    Answers,
    EvidenceKind,
    Id,
    Moment,
    Position,
    Sha256,
    Value,
)

KEPT_SUBMISSIONS = 50
"""How many Idempotency-Keys of a report are remembered, the latest."""


class ItemState(StrEnum):
    """``declared``: the object may be on its way. ``removing``: nobody is given it any more.

    Items that were ``stored`` count for their report, also when the object has been removed.
    """

    DECLARED = "declared"
    STORED = "stored"
    REFUSED = "refused"
    REMOVING = "removing"
    REMOVED = "removed"


PROVED = (ItemState.STORED, ItemState.REMOVING, ItemState.REMOVED)
"""The states of items that the object store has, or had, as they were declared."""


class ReportState(StrEnum):
    """``incomplete``: submitted, and complete as soon as the last missing item is verified."""

    OPEN = "open"
    INCOMPLETE = "incomplete"
    COMPLETED = "completed"


class Custody(Value):
    """One link in an item's chain of custody. ``by``: a role, or ``evidence`` for the service."""

    at: Moment
    what: str
    by: str
    key_id: str | None = None
    version_id: str | None = None
    sha256: Sha256 | None = None
    why: str | None = None


class Item(Value):
    """One evidence item. ``sha256``, ``size_bytes``, ``content_type``: declared, then confirmed."""

    item_id: Id
    kind: EvidenceKind
    question_id: str | None
    sha256: Sha256
    size_bytes: int
    content_type: str
    captured_at: Moment | None
    position: Position | None
    duration_s: float | None
    from_gallery: bool = False
    """Whether the device says that the app itself did not capture it."""
    object_key: str
    state: ItemState = ItemState.DECLARED
    declared_at: Moment
    version_id: str | None = None
    stored_at: Moment | None = None
    found_type: str | None = None
    """The real type, where it is another allowed one than declared."""
    exif: Exif = Exif()
    remove_at: Moment | None = None
    """From when on the object is to be removed; None: never."""
    cause: str | None = None
    """Why it was refused, or removed."""
    custody: tuple[Custody, ...] = ()


class Missing(Value):
    """Evidence that is still to come. ``question_id`` is None where the terms ask for it."""

    kind: EvidenceKind
    question_id: str | None
    needed: int
    present: int
    minimum_duration_s: int | None = None


class SubmitAnswer(Value):
    """What a submission was answered; kept, so that a repetition gets the same.

    ``missing_stages``: the stages of the visit that are still to be handed in.
    """

    visit_id: Id
    state: ReportState
    report_revision: Annotated[int, Field(ge=1)]
    missing: tuple[Missing, ...] = ()
    missing_stages: tuple[str, ...] = ()


class Submission(Value):
    """One Idempotency-Key with the digest of its request."""

    key: str
    content_sha256: Sha256
    answer: SubmitAnswer
    at: Moment


class Report(Value):
    """``version`` grows with each write, ``revision`` with each return, ``seq`` with each event."""

    id: Id
    chain_id: Id
    branch_id: Id
    wave_id: Id
    shopper_id: Id
    version: int = 0
    seq: int = 0
    revision: int = 1
    state: ReportState = ReportState.OPEN
    answers: Answers = Field(default_factory=dict)
    started_at: Moment | None = None
    ended_at: Moment | None = None
    position: Position | None = None
    missing_evidence_reasons: dict[EvidenceKind, str] = Field(default_factory=dict)
    content_sha256: Sha256 | None = None
    stages: tuple[StageTimes, ...] = ()
    """The stages that were handed in, in that order; of a visit without stages none."""
    submitted_at: Moment | None = None
    completed_at: Moment | None = None
    items: tuple[Item, ...] = ()
    findings: tuple[Finding, ...] = ()
    noted: tuple[Finding, ...] = ()
    """What was found as this revision came in, before it was complete."""
    flagged: bool = False
    submissions: tuple[Submission, ...] = ()
    updated_at: Moment | None = None
    given_up_at: Moment | None = None
    """When the visit was closed without it; nothing is taken any more."""
    next_removal_at: Moment | None = None
    """When something is to be done about the removal of an item."""

    @property
    def made_at(self) -> datetime | None:
        """When the report was made, as it says itself; no report is younger than its receipt."""
        if self.ended_at is None or self.submitted_at is None:
            return None
        return min(self.ended_at, self.submitted_at)

    @classmethod
    def of(cls, visit: Visit) -> Self:
        """The report that nobody has begun yet."""
        return cls(
            id=visit.id,
            chain_id=visit.chain_id,
            branch_id=visit.branch_id,
            wave_id=visit.wave_id,
            shopper_id=visit.shopper_id,
        )

    def item(self, item_id: str) -> Item | None:
        """The item of that id."""
        return next((item for item in self.items if item.item_id == item_id), None)

    def in_state(self, *states: ItemState) -> tuple[Item, ...]:
        """The items in one of these states, in the order in which they were declared."""
        return tuple(item for item in self.items if item.state in states)

    @property
    def proved(self) -> tuple[Item, ...]:
        """The items that count, in the order in which they were declared."""
        return self.in_state(*PROVED)

    def with_item(self, new: Item) -> Self:
        """With ``new`` in the place of the item of its id, or at the end."""
        if self.item(new.item_id) is None:
            return self.model_copy(update={"items": (*self.items, new)})
        items = tuple(new if item.item_id == new.item_id else item for item in self.items)
        return self.model_copy(update={"items": items})

    def with_submission(self, new: Submission) -> Self:
        """With ``new`` in the place of the submission of its key, or as the latest."""
        others = tuple(each for each in self.submissions if each.key != new.key)
        return self.model_copy(update={"submissions": (*others, new)[-KEPT_SUBMISSIONS:]})

    def submission(self, key: str) -> Submission | None:
        """What is remembered of that Idempotency-Key."""
        return next((each for each in self.submissions if each.key == key), None)
