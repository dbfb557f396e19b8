"""Sending once more what was sent before, and sending something invented."""

from datetime import datetime

from incognita_notification import errors
from incognita_notification.audiences import HEARD_BY, Audience, audience_of, heard, shown_to
from incognita_notification.deliveries import (
    TEST_PREFIX,
    Message,
    delivery_id,
    new_delivery,
)
from incognita_notification.repository.delivery_log import DeliveryLog, Document
from incognita_notification.rules import message
from incognita_notification.samples import sample
from incognita_shared.auth import Principal
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.mongo.client import Database
from incognita_shared.telemetry import trace_headers

MOST_AT_ONCE = 100_000


class Replays:
    """Replays of the deliveries that one caller may see."""

    def __init__(self, db: Database, caller: Principal) -> None:
        self._log = DeliveryLog(db, caller.chain, audience_of(caller.role))

    async def one(self, delivery_id: str) -> Document:
        """The delivery, due at once, with the same message and the same ``webhook-id``."""
        replayed = await self._log.replay(delivery_id, now())
        if replayed is None:
            if await self._log.find(delivery_id) is None:
                raise errors.DeliveryNotFound
            raise errors.BeingSent
        return replayed

    async def since(self, subscription: Document, since: datetime, until: datetime | None) -> int:
        """How many finished deliveries of the subscription were made due."""
        if not subscription["active"]:
            raise errors.SubscriptionInactive
        moment = now()
        key, span = subscription["_id"], (since, until or moment)
        if await self._log.count_finished(key, span, moment, MOST_AT_ONCE) > MOST_AT_ONCE:
            raise errors.ReplayTooLarge(MOST_AT_ONCE)
        return await self._log.replay_all(key, span, moment)

    async def test(self, subscription: Document, event_type: str | None) -> Document:
        """A delivery of an invented event, marked as a test and tried once."""
        if not subscription["active"]:
            raise errors.SubscriptionInactive
        audience = Audience(subscription["audience"])
        if event_type is None:
            event_type = heard(subscription["event_types"][0], audience)[0]
        elif event_type not in HEARD_BY[audience]:
            raise errors.WrongField(
                "event_type", "can't be subscribed to", allowed=HEARD_BY[audience]
            )
        event, moment = sample(event_type, subscription["chain_id"]), now()
        said = Message(
            event_id=TEST_PREFIX + new_id(),
            event_type=event_type,
            subject=event.subject,
            body=message(event_type, moment, shown_to(audience, event) or {}, test=True),
            trace=trace_headers(),
            test=True,
        )
        document = new_delivery(said, subscription, moment)
        return await self._log.add(delivery_id(said, subscription["_id"]), document)
