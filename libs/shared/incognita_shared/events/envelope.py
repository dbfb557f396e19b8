"""What every event is, and its envelope: CloudEvents 1.0 in Kafka's binary mode."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from incognita_shared.values import Id


class Private:
    """Marks a field that must never leave Incognita, in a webhook for example."""


class Event(BaseModel):
    """A fact. Frozen; a reader ignores the fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    noun: ClassVar[str]
    verb: ClassVar[str]
    major: ClassVar[int] = 1
    topic: ClassVar[str]

    chain_id: Id

    @classmethod
    def type_name(cls) -> str:
        """``incognita.<noun>.<past verb>.v<major>``, the CloudEvents type."""
        return f"incognita.{cls.noun}.{cls.verb}.v{cls.major}"

    @property
    def key(self) -> str:
        """What orders this event on its topic: events of one key keep their order."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """The id of what the event is about."""
        raise NotImplementedError

    def public(self) -> dict[str, Any]:
        """The event as JSON data without its private fields, for readers outside."""
        private = {
            name
            for name, info in type(self).model_fields.items()
            if any(mark is Private or isinstance(mark, Private) for mark in info.metadata)
        }
        return self.model_dump(mode="json", exclude=private)


class VisitEvent(Event):
    """An event of one visit. ``seq`` counts its events on this topic from 1, without gaps."""

    visit_id: Id
    branch_id: Id
    wave_id: Id
    seq: Annotated[int, Field(ge=1)]

    @property
    def key(self) -> str:
        return self.branch_id

    @property
    def subject(self) -> str:
        return self.visit_id


ShopperId = Annotated[Id, Private]
"""Who the shopper was: known to the assignment service, never shown to the chain."""


class Envelope(NamedTuple):
    """The CloudEvents attributes of one event; ``data`` is its JSON body."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str
    topic: str
    key: str
    data: bytes
    trace: Mapping[str, str] = MappingProxyType({})
    """``traceparent`` and ``tracestate`` by W3C Trace Context, as far as present."""
