"""Which objects of the bucket nothing refers to, and what is to be done about one. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from incognita_evidence.report import ItemState, ReportState
from incognita_evidence.versions import Listed
from incognita_evidence.visit import OPEN_STATES, VisitState

_OF_A_VISIT = re.compile(r"(?P<chain>[^/]+)/(?P<visit>[^/]+)/(?P<sha256>[0-9a-f]{64})")
_INCOMING = re.compile(r"(?P<chain>[^/]+)/incoming/[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Place:
    """What an object's key says. ``visit_id``: None of a phone's file on its way to a visit."""

    chain_id: str
    visit_id: str | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, key: str) -> "Place | None":
        """None for a key that evidence does not give, as those of appeals' files."""
        if found := _INCOMING.fullmatch(key):
            return cls(found["chain"])
        found = _OF_A_VISIT.fullmatch(key)
        return None if found is None else cls(found["chain"], found["visit"], found["sha256"])


@dataclass(slots=True)
class Referring:
    """What the stores know of one visit, that may refer to an object.

    ``items``: object key → states of the items with it. ``forms`` and ``files``: SHA-256 of the
    XML, and of the files beside it, that phones sent; ``untracked``: more came than are noted.
    """

    visit_state: VisitState
    report_state: ReportState | None = None
    items: dict[str, list[ItemState]] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    untracked: bool = False

    def to(self, key: str, sha256: str) -> bool:
        """Whether the object is needed, or may be."""
        states = self.items.get(key, ())
        if self.untracked or sha256 in self.forms:
            return True
        if {ItemState.STORED, ItemState.REMOVING}.intersection(states):
            return True
        if ItemState.DECLARED in states and self._takes_more():
            return True
        # what a phone sent again after its removal is not wanted back
        return sha256 in self.files and ItemState.REMOVED not in states

    def _takes_more(self) -> bool:
        return self.visit_state in OPEN_STATES and self.report_state is not ReportState.COMPLETED


class Fate(StrEnum):
    """``hide`` and a day later ``remove`` an orphan, or ``show`` it when it is one no more."""

    KEEP = "keep"
    HIDE = "hide"
    SHOW = "show"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Patience:
    """How old an orphan must be to be hidden, and for how long it is, before it is removed."""

    before: timedelta
    hidden: timedelta = timedelta(days=1)


def fate(
    listed: Listed, *, needed: bool, hidden_at: datetime | None, at: datetime, patience: Patience
) -> Fate:
    """What to do with the object. ``hidden_at``: since when we hide it, by our own note."""
    if needed:
        return Fate.KEEP if hidden_at is None else Fate.SHOW
    newest = _newest(listed)
    if at - newest < patience.before:
        return Fate.KEEP if hidden_at is None else Fate.SHOW
    if hidden_at is None or not listed.is_hidden:
        return Fate.HIDE
    since = max(hidden_at, listed.versions[0].stored_at)
    return Fate.REMOVE if at - since >= patience.hidden else Fate.KEEP


def _newest(listed: Listed) -> datetime:
    """When the last bytes came; of markers alone, the last of these."""
    bytes_at = [each.stored_at for each in listed.versions if not each.is_marker]
    return max(bytes_at or [each.stored_at for each in listed.versions])


def places_of(listed: Iterable[Listed]) -> dict[str, Place]:
    """Key → place, of the objects that evidence may judge."""
    return {each.key: place for each in listed if (place := Place.of(each.key))}
