"""What the checker keeps of each event: few bytes, by which it is told from any other."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from incognita_shared.events import EVENT_TYPES

TYPES: tuple[str, ...] = tuple(EVENT_TYPES)
NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(TYPES)}
GRAVE = "!"
"""Marks a completed report that must also be flagged."""


class Said(NamedTuple):
    """One record. ``detail`` tells events of a type apart; ``order`` is what must grow.

    ``order``: a visit event's seq, a catalog event's version, a delivery event's attempts.
    ``passed``: it says that the visit passed. ``at``: milliseconds since 1970, of the broker.
    """

    type: int
    id: str
    partition: int
    offset: int
    digest: str
    order: int
    detail: str
    passed: bool
    at: int

    @property
    def topic(self) -> str:
        """The topic to which events of this type belong."""
        return EVENT_TYPES[TYPES[self.type]].topic

    @property
    def word(self) -> str:
        """Noun and verb, with what tells it apart: ``visit.scored 2``."""
        event = EVENT_TYPES[TYPES[self.type]]
        return f"{event.noun}.{event.verb} {self.detail.removesuffix(GRAVE)}".rstrip()


def _completed(body: Mapping[str, Any]) -> str:
    grave = any(finding["severity"] != "info" for finding in body["findings"])
    return f"{body['report_revision']}{GRAVE if grave else ''}"


_DETAILS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "incognita.evidence.stored.v1": lambda body: str(body["item"]["item_id"]),
    "incognita.report.completed.v1": _completed,
    "incognita.report.flagged.v1": lambda body: str(body["report_revision"]),
    "incognita.visit.scored.v1": lambda body: str(body["score_revision"]),
    "incognita.report.approved.v1": lambda body: str(body["report_revision"]),
    "incognita.report.returned.v1": lambda body: str(body["report_revision"]),
    "incognita.report.rejected.v1": lambda body: str(body["report_revision"]),
    "incognita.report.unapproved.v1": lambda body: str(body["report_revision"]),
    "incognita.appeal.opened.v1": lambda body: str(body["appeal_id"]),
    "incognita.appeal.decided.v1": lambda body: str(body["appeal_id"]),
    "incognita.wave.changed.v1": lambda body: str(body["state"]),
    "incognita.delivery.succeeded.v1": lambda body: str(body["delivery_id"]),
    "incognita.delivery.failed.v1": lambda body: str(body["delivery_id"]),
}


def facts_of(type_name: str, body: Mapping[str, Any]) -> tuple[int, str, bool]:
    """(order, detail, passed) of an event's body. Raises KeyError, TypeError for another shape."""
    detail = _DETAILS.get(type_name)
    order = body.get("seq", body.get("version", body.get("attempts")))
    passed = body.get("passed") is True and not body.get("critical_failed")
    return int(order or 0), detail(body) if detail else "", passed
