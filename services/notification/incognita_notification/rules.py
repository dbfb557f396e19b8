"""Which subscription an event goes to, and what its message says. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import Field, StrictBool

from incognita_notification.audiences import Audience, heard
from incognita_shared.events import Event
from incognita_shared.values import Id, Value

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Filter(Value):
    """What an event must be like: each list that is given must hold the event's own value.

    Names of regions and cities are compared as they stand in the branch's data. ``only_failed``
    drops events that say a visit passed; events that say nothing about it are not touched.
    """

    branch_ids: Annotated[tuple[Id, ...], Field(max_length=1_000)] = ()
    regions: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    cities: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    franchisee_ids: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    wave_ids: Annotated[tuple[Id, ...], Field(max_length=200)] = ()
    only_failed: StrictBool = False

    @property
    def needs_branch(self) -> bool:
        """Whether the branch's own data must be known to decide."""
        return bool(self.regions or self.cities or self.franchisee_ids)

    @property
    def asks_for_place(self) -> bool:
        """Whether only events of some branches pass."""
        return bool(self.branch_ids) or self.needs_branch


def wants(event_types: tuple[str, ...], audience: Audience, event_type: str) -> bool:
    """Whether any of the patterns names this event type."""
    return any(event_type in heard(pattern, audience) for pattern in event_types)


def passes(wanted: Filter, event: Event, branch: Mapping[str, Any] | None) -> bool:
    """Whether ``event`` passes the filter. ``branch``: its region, city and franchisee_id."""
    if wanted.wave_ids and getattr(event, "wave_id", None) not in wanted.wave_ids:
        return False
    if wanted.only_failed and _passed(event):
        return False
    return not wanted.asks_for_place or _at_place(wanted, event, branch or {})


def _passed(event: Event) -> bool:
    return getattr(event, "passed", None) is True and not getattr(event, "critical_failed", ())


def _at_place(wanted: Filter, event: Event, branch: Mapping[str, Any]) -> bool:
    asked = (
        (wanted.branch_ids, getattr(event, "branch_id", None)),
        (wanted.regions, branch.get("region")),
        (wanted.cities, branch.get("city")),
        (wanted.franchisee_ids, branch.get("franchisee_id")),
    )
    return all(not allowed or value in allowed for allowed, value in asked)


def message(event_type: str, time: datetime, data: Mapping[str, Any], *, test: bool = False) -> str:
    """The body of a webhook as JSON text, which is stored and sent byte for byte.

    ``timestamp`` is when the fact happened (RFC 3339). A sample says ``"test": true``.
    """
    body: dict[str, Any] = {"type": event_type, "timestamp": time.isoformat(), "data": data}
    if test:
        body["test"] = True
    return orjson.dumps(body).decode()
