"""What a consumed record is to a handler, and which of the records are for it at all."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from incognita_shared.events.codec import UndecodableError, decode, envelope_of
from incognita_shared.events.envelope import Envelope, Event
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.work import Work

ReadT_co = TypeVar("ReadT_co", bound=Event, covariant=True)


class Received(NamedTuple, Generic[ReadT_co]):
    """An event with the envelope it came in."""

    event: ReadT_co
    envelope: Envelope


Handler: TypeAlias = Callable[[Received[Any], Work], Awaitable[None]]
Handlers: TypeAlias = Mapping[type[Event], Handler]
Reads: TypeAlias = Mapping[type[Event], Callable[[Any], Iterable[tuple[str, str]]]]
"""Event → the documents, as (collection, id), that its handler is going to read by id."""


class NotReady(Exception):
    """A fact of another topic that this event needs has not come yet; the event is tried again."""


class Incoming(NamedTuple):
    """One record of a batch, read as far as it can be read.

    Exactly one of these holds: ``received`` is set (there is a handler), ``fault`` is set (a dead
    letter), or neither (a type that this service does not read).
    """

    source: Source
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    subject: str
    received: Received[Event] | None = None
    fault: str | None = None


class Reader:
    """Reads records into events, for one table of handlers."""

    def __init__(self, handlers: Handlers) -> None:
        self._types = {event.type_name(): event for event in handlers}
        self._versionless = {_versionless(name) for name in self._types}

    def read(
        self,
        source: Source,
        offset: int,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]],
    ) -> Incoming:
        """Read one record; what is wrong with it is said in ``fault``."""
        kept = tuple(headers)
        try:
            envelope = envelope_of(topic=source.topic, key=key, value=value, headers=kept)
            received = self._received(envelope)
        except UndecodableError as error:
            return Incoming(source, offset, key, value, kept, "", fault=str(error))
        return Incoming(source, offset, key, value, kept, envelope.subject, received)

    def _received(self, envelope: Envelope) -> Received[Event] | None:
        event_type = self._types.get(envelope.type)
        if event_type is None:
            if _versionless(envelope.type) in self._versionless:
                raise UndecodableError(f"this version of the type is not known: {envelope.type}")
            return None
        return Received(decode(envelope, event_type), envelope)


def _versionless(type_name: str) -> str:
    return type_name.rsplit(".", 1)[0]
