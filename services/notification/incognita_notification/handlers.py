"""What each consumed event does here: catalog events are kept, all others go to who asked for them.

Own events (``delivery.*``) are not consumed: a subscription to them would feed itself.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from incognita_notification.audiences import OUTSIDE_EVENTS, Audience, shown_to
from incognita_notification.deliveries import Message, delivery_id, new_delivery
from incognita_notification.matching import Matcher
from incognita_notification.repository import catalog
from incognita_notification.rules import message
from incognita_shared.auth import on_api_key_changed
from incognita_shared.clock import now
from incognita_shared.events import Envelope, Event
from incognita_shared.events.assignment import ApiKeyChanged, BranchChanged, ChainChanged
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.work import Work

_matcher = Matcher()


async def on_chain_changed(received: Received[ChainChanged], work: Work) -> None:
    """Keep the chain's name for letters."""
    catalog.keep_chain(received.event, work)


async def on_branch_changed(received: Received[BranchChanged], work: Work) -> None:
    """Keep the branch's place and owner for filters and letters."""
    catalog.keep_branch(received.event, work)


async def on_event_for_outside(received: Received[Event], work: Work) -> None:
    """Queue one delivery for each subscription that asks for this event."""
    moment = now()
    for subscription in await _matcher.matching(received.event, work):
        said = _message(received.event, received.envelope, subscription.audience)
        if said is not None:
            document = new_delivery(said, subscription.document, moment)
            catalog.add_delivery(delivery_id(said, document["subscription_id"]), document, work)


def _message(event: Event, envelope: Envelope, audience: Audience) -> Message | None:
    data = shown_to(audience, event)
    if data is None:
        return None
    return Message(
        event_id=envelope.id,
        event_type=event.type_name(),
        subject=event.subject,
        body=message(event.type_name(), envelope.time, data),
        trace=envelope.trace,
    )


HANDLERS: Mapping[type[Event], Callable[[Received[Any], Work], Awaitable[None]]] = {
    ChainChanged: on_chain_changed,
    BranchChanged: on_branch_changed,
    ApiKeyChanged: on_api_key_changed,
    **dict.fromkeys(OUTSIDE_EVENTS, on_event_for_outside),
}
