"""Events that ride in the document they speak of, until the relay has published them.

A document with events has ``pending`` (a list of records, in order), ``has_pending`` and
``relay_bucket``. One write changes the document and says so: no transaction, and no moment at which
one is there without the other.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from pymongo import ASCENDING
from pymongo.asynchronous.collection import AsyncCollection

from incognita_shared.events.codec import encode
from incognita_shared.events.envelope import Event
from incognita_shared.ids import new_id
from incognita_shared.telemetry import trace_headers

BUCKETS = 8
WITHOUT_PENDING = {"pending": 0, "has_pending": 0, "relay_bucket": 0}
"""The projection that leaves out what only the relay needs."""


def bucket_of(key: str) -> int:
    """Which share of the relay's work the key belongs to."""
    return crc32(key.encode()) % BUCKETS


def entry(event: Event) -> dict[str, Any]:
    """The event as it lies in ``pending``, with the current trace context."""
    source = event.topic.split(".", 1)[0]
    record = encode(event, event_id=new_id(), source=source, trace=trace_headers())
    return record.document()


def with_events(document: Mapping[str, Any], *events: Event) -> dict[str, Any]:
    """A new document that carries ``events``, which share one key."""
    bucket = bucket_of(events[0].key) if events else 0
    return {
        **document,
        "pending": [entry(event) for event in events],
        "has_pending": bool(events),
        "relay_bucket": bucket,
    }


def append_events(update: Mapping[str, Any], *events: Event) -> dict[str, Any]:
    """An update, by operators, that also appends ``events`` to the document."""
    if not events:
        return dict(update)
    push = {**update.get("$push", {}), "pending": {"$each": [entry(event) for event in events]}}
    marks = {"has_pending": True, "relay_bucket": bucket_of(events[0].key)}
    return {**update, "$push": push, "$set": {**update.get("$set", {}), **marks}}


def without_pending(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what only the relay needs."""
    return {name: value for name, value in document.items() if name not in WITHOUT_PENDING}


async def create_pending_index(collection: AsyncCollection[dict[str, Any]]) -> None:
    """The relay's way to the few documents that have something to say."""
    await collection.create_index(
        [("relay_bucket", ASCENDING)],
        name="pending",
        partialFilterExpression={"has_pending": True},
    )
