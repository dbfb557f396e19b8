"""Events of the notification service: what became of each delivery."""

from typing import Annotated, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event
from incognita_shared.values import Id, Moment

EVENTS = "notification.events.v1"


class DeliveryEvent(Event):
    """What both outcomes of a delivery say."""

    topic: ClassVar[str] = EVENTS

    delivery_id: Id
    subscription_id: Id
    event_id: Id
    event_type: str
    event_subject: str
    attempts: Annotated[int, Field(ge=1)]

    @property
    def key(self) -> str:
        return self.subscription_id

    @property
    def subject(self) -> str:
        return self.delivery_id


class DeliverySucceeded(DeliveryEvent):
    """The receiver answered with success."""

    noun: ClassVar[str] = "delivery"
    verb: ClassVar[str] = "succeeded"

    succeeded_at: Moment


class DeliveryFailed(DeliveryEvent):
    """The last attempt failed; the delivery can be replayed by hand."""

    noun: ClassVar[str] = "delivery"
    verb: ClassVar[str] = "failed"

    reason: str
    failed_at: Moment


NOTIFICATION_EVENTS: tuple[type[Event], ...] = (DeliverySucceeded, DeliveryFailed)
