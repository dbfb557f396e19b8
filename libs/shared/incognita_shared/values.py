"""Values that events, HTTP models and documents share. All are frozen."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)


class Value(BaseModel):
    """A frozen value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


YEARS = range(1970, 2200)


def _to_utc(moment: datetime) -> datetime:
    if moment.year not in YEARS:  # at the ends of the calendar a change of zone overflows
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A point in time with a zone, kept in UTC."""

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An identifier made by Incognita or, where said so, by the client."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Text = Annotated[str, Field(min_length=1, max_length=500)]
"""A line of text for a person."""

LongText = Annotated[str, Field(min_length=1, max_length=10_000)]

Exact = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]
"""A decimal that travels as a string, so that no reader rounds it."""


Attribute = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=200)]
Attributes = Annotated[dict[Id, Attribute], Field(max_length=100)]
"""Attribute of a branch → its value: its city, or whether it has a drive-through."""


class Money(Value):
    """An amount in one currency (ISO 4217)."""

    amount: Annotated[Exact, Field(ge=0, max_digits=12, decimal_places=2)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Position(Value):
    """WGS 84 degrees; ``accuracy_m`` is the radius that the device claims, in metres."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    accuracy_m: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None


class Channel(StrEnum):
    """How the shopper meets the branch."""

    VISIT = "visit"
    PHONE = "phone"
    EMAIL = "email"
    WEB = "web"
    DELIVERY = "delivery"


class Ownership(StrEnum):
    """Who runs the branch."""

    FRANCHISE = "franchise"
    COMPANY = "company"
    LICENSED = "licensed"
    UNKNOWN = "unknown"


class EvidenceKind(StrEnum):
    """What an evidence item is."""

    PHOTO = "photo"
    AUDIO = "audio"
    VIDEO = "video"
    RECEIPT = "receipt"
    BUSINESS_CARD = "business_card"
    DOCUMENT = "document"


class Goods(StrEnum):
    """What becomes of the goods that a shopper buys."""

    NONE = "none"
    KEPT = "kept"
    RETURNED = "returned"


class EvidenceRequirement(Value):
    """How much evidence of one kind was agreed: a count, and for recordings a least length."""

    kind: EvidenceKind
    minimum_count: Annotated[int, Field(ge=1, le=50)] = 1
    minimum_duration_s: Annotated[int, Field(ge=1, le=14_400)] | None = None


class StageTerms(Value):
    """When one stage of a visit may be done, and by which channel."""

    stage_id: Id
    channel: Channel
    opens_at: Moment
    due_at: Moment


class Terms(Value):
    """What the shopper and the agency agreed on; fixed when the visit is offered."""

    fee: Money
    purchase_budget: Money
    paid_by: Annotated[str, Field(pattern=r"^(agency|chain)$")] = "agency"
    paid_days_after_approval: Annotated[int, Field(ge=0, le=120)] = 14
    goods: Goods = Goods.NONE
    evidence: tuple[EvidenceRequirement, ...] = ()
    stages: tuple[StageTerms, ...] = ()
    opens_at: Moment
    expires_at: Moment
    due_at: Moment


Answers = dict[str, Any]
"""Question id → value; the questionnaire says of which type."""
