"""Events to and from Kafka records: CloudEvents 1.0, binary content mode."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

import pydantic

from incognita_shared.clock import now
from incognita_shared.events.envelope import Envelope, Event

SPEC_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"
TRACE_FIELDS = ("traceparent", "tracestate")
Headers = Sequence[tuple[str, bytes]]


class UndecodableError(ValueError):
    """A record that no retry can mend; it becomes a dead letter."""


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record, ready to be sent or kept in an outbox. ``topic`` has no namespace."""

    id: str
    subject: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def document(self) -> dict[str, Any]:
        """The record as a MongoDB sub-document."""
        return {
            "id": self.id,
            "subject": self.subject,
            "topic": self.topic,
            "key": self.key,
            "value": self.value,
            "headers": [list(header) for header in self.headers],
        }

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
    headers = {
        "ce_specversion": SPEC_VERSION.decode(),
        "ce_id": event_id,
        "ce_type": event.type_name(),
        "ce_source": f"/incognita/{source}",
        "ce_time": (time or now()).isoformat(),
        "ce_subject": event.subject,
        "content-type": CONTENT_TYPE.decode(),
        **{name: trace[name] for name in TRACE_FIELDS if trace.get(name)},
    }
    return Record(
        id=event_id,
        subject=event.subject,
        topic=event.topic,
        key=event.key.encode(),
        value=event.model_dump_json().encode(),
        headers=tuple((name, value.encode()) for name, value in headers.items()),
    )


def envelope_of(
    *, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Envelope:
    """Read the CloudEvents attributes. Raises UndecodableError where one is missing or broken."""
    named = dict(headers)
    try:
        text = {name: raw.decode() for name, raw in named.items()}
        return Envelope(
            id=text["ce_id"],
            type=text["ce_type"],
            source=text["ce_source"],
            time=datetime.fromisoformat(text["ce_time"]),
            subject=text["ce_subject"],
            topic=topic,
            key=(key or b"").decode(),
            data=value or b"",
            trace={name: text[name] for name in TRACE_FIELDS if name in text},
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
