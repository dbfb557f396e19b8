"""Events to and from Kafka records: CloudEvents 1.0, binary content mode."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Self, TypeVar

import pydantic

from incognita_shared.clock import now
from incognita_shared.events.envelope import Envelope, Event

SPEC_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"
TRACE_FIELDS = ("traceparent", "tracestate")
Headers = tuple[tuple[str, bytes], ...]


class UndecodableError(ValueError):
    """A record that no retry can mend; it becomes a dead letter."""


class Record(NamedTuple):
    """One Kafka record, ready to be sent or kept in an outbox. ``topic`` has no namespace."""

    id: str
    subject: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers

    def document(self) -> dict[str, Any]:
        """The record as a MongoDB sub-document."""
        return self._asdict()

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """The record that ``document`` gave."""
        return cls(
            id=document["id"],
            subject=document["subject"],
            topic=document["topic"],
            key=document["key"],
            value=document["value"],
            headers=tuple((name, bytes(value)) for name, value in document["headers"]),
        )


def encode(
    event: Event,
    *,
    event_id: str,
    source: str,
    trace: Mapping[str, str],
    time: datetime | None = None,
) -> Record:
    """The record of ``event``; ``source`` is the service, ``trace`` holds W3C trace context."""
    subject = event.subject
    return Record(
        id=event_id,
        subject=subject,
        topic=event.topic,
        key=event.key.encode(),
        value=event.model_dump_json().encode(),
        headers=(
            *_constant_headers(type(event), source),
            ("ce_id", event_id.encode()),
            ("ce_time", (time or now()).isoformat().encode()),
            ("ce_subject", subject.encode()),
            *((name, trace[name].encode()) for name in TRACE_FIELDS if trace.get(name)),
        ),
    )


@cache
def _constant_headers(event_type: type[Event], source: str) -> Headers:
    return (
        ("ce_specversion", SPEC_VERSION),
        ("ce_type", event_type.type_name().encode()),
        ("ce_source", f"/incognita/{source}".encode()),
        ("content-type", CONTENT_TYPE),
    )


def envelope_of(
    *, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Envelope:
    """Read the CloudEvents attributes. Raises UndecodableError where one is missing or broken."""
    named = dict(headers)
    try:
        return Envelope(
            id=named["ce_id"].decode(),
            type=named["ce_type"].decode(),
            source=named["ce_source"].decode(),
            time=datetime.fromisoformat(named["ce_time"].decode()),
            subject=named["ce_subject"].decode(),
            topic=topic,
            key=(key or b"").decode(),
            data=value or b"",
            trace={name: named[name].decode() for name in TRACE_FIELDS if name in named},
        )
    except KeyError as missing:
        raise UndecodableError(f"the record has no header {missing}") from None
    except ValueError as broken:
        raise UndecodableError(f"a header or the key cannot be read: {broken}") from None


EventT = TypeVar("EventT", bound=Event)


def decode(envelope: Envelope, event_type: type[EventT]) -> EventT:
    """The event in the envelope's body. Raises UndecodableError naming the first broken fields.

    What this version does not know is passed over, also inside values that refuse unknown fields
    over HTTP.
    """
    try:
        return event_type.model_validate_json(envelope.data, extra="ignore")
    except pydantic.ValidationError as invalid:
        causes = [
            f"{'.'.join(str(part) for part in error['loc']) or 'body'}: {error['msg']}"
            for error in invalid.errors(include_url=False, include_input=False)[:5]
        ]
        raise UndecodableError("; ".join(causes)) from None
