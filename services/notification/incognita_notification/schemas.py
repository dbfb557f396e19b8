"""What goes over HTTP. Every field is bounded; unknown ones are refused."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from incognita_notification.addresses import MAX_URL
from incognita_notification.audiences import HEARD_BY, PATTERNS, Audience
from incognita_notification.deliveries import State
from incognita_notification.mail.address import MailAddress
from incognita_notification.mail.letters import Language
from incognita_notification.rules import Filter
from incognita_shared.values import Id, Moment

EventType = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^incognita(\.[a-z_]+){2}\.v[1-9][0-9]{0,2}$",
        examples=["incognita.report.approved.v1"],
        json_schema_extra={"enum": [*HEARD_BY[Audience.AGENCY]]},
    ),
]
Pattern = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^incognita(\.[a-z_]+){0,2}\.(\*|v[1-9][0-9]{0,2})$",
        description="An event type, or all under a prefix (`.*`). A chain manager can hear of: "
        + ", ".join(f"`{name}`" for name in HEARD_BY[Audience.CHAIN])
        + ". The agency can hear of all.",
        examples=["incognita.report.*"],
        json_schema_extra={"enum": [*PATTERNS]},
    ),
]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=50)]


class Body(BaseModel):
    """What clients send."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Webhook(Body):
    """Where messages are posted to, by the Standard Webhooks specification."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_URL,
            description="https, without user name, password or fragment; port 443 or from 1024 up",
            examples=["https://hooks.example.com/incognita"],
        ),
    ]


class Email(Body):
    """Who gets letters, and in which language."""

    address: MailAddress
    language: Language = "en"


class Target(Body):
    """Either ``webhook`` or ``email``."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["webhook"]}, {"required": ["email"]}]}
    )

    webhook: Webhook | SkipJsonSchema[None] = None
    email: Email | SkipJsonSchema[None] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1 or (self.webhook is None) == (self.email is None):
            raise ValueError("give either webhook or email")
        return self

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class NewSubscription(Body):
    """A subscription as it is asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "event_types": ["incognita.report.approved.v1", "incognita.branch.*"],
                "filter": {"regions": ["MI", "OH"], "only_failed": True},
                "target": {"webhook": {"url": "https://hooks.example.com/incognita"}},
            }
        }
    )

    event_types: Patterns
    filter: Filter = Filter()
    target: Target
    active: StrictBool = True


class SubscriptionChange(Body):
    """What is given is changed; ``active: true`` also forgets why it was switched off."""

    model_config = ConfigDict(json_schema_extra={"example": {"active": True}, "minProperties": 1})

    event_types: Patterns | SkipJsonSchema[None] = None
    filter: Filter | SkipJsonSchema[None] = None
    target: Target | SkipJsonSchema[None] = None
    active: StrictBool | SkipJsonSchema[None] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change")
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("null is no value here: leave the field out")
        return self


class Subscription(BaseModel):
    """A subscription as it is. ``audience``: who made it, the agency or the chain."""

    subscription_id: Id
    audience: Audience
    event_types: list[str]
    filter: Filter
    target: Target
    active: bool
    disabled_reason: Annotated[
        str | None, Field(description="Why it was switched off, if it was not by hand")
    ]
    failing_since: Annotated[
        datetime | None, Field(description="Since when every attempt has failed")
    ]
    created_at: datetime
    changed_at: datetime


class SubscriptionWithSecret(Subscription):
    """With the secret by which webhooks are signed; it is shown this once."""

    secret: Annotated[str | None, Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]


class Rotation(BaseModel):
    """The new secret, shown this once; both sign until ``old_valid_until``."""

    secret: Annotated[str, Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]
    old_valid_until: datetime


class SampleRequest(Body):
    """Which event to invent; the first that the subscription asks for unless given."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"event_type": "incognita.report.approved.v1"}}
    )

    event_type: EventType | None = None


class ReplayRequest(Body):
    """The ended deliveries made from ``since`` on and before ``until`` (now unless given)."""

    model_config = ConfigDict(json_schema_extra={"example": {"since": "2026-03-14T00:00:00Z"}})

    since: Moment
    until: Moment | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.until is not None and self.until <= self.since:
            raise ValueError("until must be after since")
        return self


class Replay(BaseModel):
    """How many deliveries were set to be sent again."""

    scheduled: int


class LoggedAttempt(BaseModel):
    """One attempt. ``status``: the HTTP or SMTP code; ``response``: how the answer begins."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    response: str | None


class Delivery(BaseModel):
    """A delivery with each of its attempts (the last 50)."""

    delivery_id: Id
    subscription_id: Id
    event_id: str
    event_type: str
    subject: Annotated[str, Field(description="What the event is about: the visit, for example")]
    state: State
    test: bool
    reason: Annotated[str | None, Field(description="Why it failed or was cancelled")]
    created_at: datetime
    next_attempt_at: datetime | None
    done_at: datetime | None
    attempt_count: int
    attempts: list[LoggedAttempt]


class DeliveryWithMessage(Delivery):
    """A delivery with what is sent."""

    message: dict[str, Any]


class Counts(BaseModel):
    """Deliveries by state; deliveries that ended more than 30 days ago are no longer counted."""

    waiting: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0
