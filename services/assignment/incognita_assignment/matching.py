"""Which shopper is offered which visit. Everything stands behind one pure function, ``match``.

First version: greedy. Round by round (every branch's first visit before any second one) the
shortest way still open is taken: the nearest eligible shopper with capacity left who was not at
that branch lately. Where the way does not matter (a call, an order online), or nobody knows where
the branch is, the shopper with the most capacity left gets the visit. An optimiser over the whole
wave may replace the inside; callers and property tests only know ``match``.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from incognita_assignment.nearest import NearestPoints, metres, vector_of
from incognita_assignment.places import Aim, Place, Via, aims_of
from incognita_shared.values import Position


class Unmatched(StrEnum):
    """Why a visit found no shopper."""

    NO_ELIGIBLE_SHOPPER = "no_eligible_shopper"  # nobody has the skills and languages
    ROTATION = "rotation"  # everybody eligible was at the branch lately, or in this wave
    CAPACITY = "capacity"  # those who could go have no capacity left
    BUDGET = "budget"  # the wave's money is spent


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shopper; ``capacity`` is how many visits the shopper holds at one time."""

    shopper_id: str
    home: Position | None
    skills: frozenset[str]
    languages: frozenset[str]
    capacity: int


@dataclass(frozen=True, slots=True)
class History:
    """``last_at``: branch → shopper → when last there, or due there. ``in_wave``: branch → shoppers
    who had a visit of this wave offered. ``held``: shopper → visits held now."""

    last_at: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    in_wave: Mapping[str, frozenset[str]] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What the wave asks for. ``visit_limit``: how many more visits its budget bears."""

    starts_at: datetime
    rotation: timedelta
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    by_distance: bool = True
    visit_limit: int | None = None

    def fits(self, shopper: Candidate) -> bool:
        """Whether the shopper has all the skills and languages."""
        return self.skills <= shopper.skills and self.languages <= shopper.languages


@dataclass(frozen=True, slots=True)
class Assigned:
    """One visit and its shopper; ``distance_m`` from home, where that is known."""

    branch_id: str
    number: int
    shopper_id: str
    via: Via
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class Matching:
    """Every wanted visit, once: with a shopper or with the reason why not."""

    assigned: tuple[Assigned, ...]
    unmatched: tuple[tuple[str, int, Unmatched], ...]


def match(
    branches: Sequence[Place], shoppers: Sequence[Candidate], history: History, rules: MatchRules
) -> Matching:
    """Offer each wanted visit to one shopper; same input, same answer (ties go by id).

    No shopper gets more than ``capacity`` less what is held, nor a branch twice in the wave, nor a
    branch again before ``rotation`` has passed between ``last_at`` and ``starts_at``.
    """
    desk = _Desk([each for each in shoppers if rules.fits(each)], history, rules)
    aims = aims_of(branches) if rules.by_distance else {}
    assigned: list[Assigned] = []
    unmatched: list[tuple[str, int, Unmatched]] = []
    for wanted in _rounds(branches):
        _match_round(wanted, aims, desk, assigned, unmatched)
    return Matching(tuple(assigned), tuple(unmatched))


def _rounds(branches: Sequence[Place]) -> Iterator[list[tuple[str, int]]]:
    """First every branch's first wanted visit, then every second one, …"""
    ordered = sorted(branches, key=lambda place: place.branch_id)
    for turn in range(max((len(place.wanted) for place in ordered), default=0)):
        yield [
            (place.branch_id, sorted(place.wanted)[turn])
            for place in ordered
            if turn < len(place.wanted)
        ]


class _Desk:
    """Who is still free, and who may go where."""

    def __init__(self, fitting: list[Candidate], history: History, rules: MatchRules) -> None:
        self._history, self._rules = history, rules
        self.spare = {
            each.shopper_id: max(0, each.capacity - history.held.get(each.shopper_id, 0))
            for each in fitting
        }
        self.visits_left = math.inf if rules.visit_limit is None else rules.visit_limit
        self._barred: dict[str, set[str]] = {}
        homes = {
            each.shopper_id: vector_of(each.home)
            for each in fitting
            if each.home is not None and self.spare[each.shopper_id]
        }
        self.homes = NearestPoints(homes if rules.by_distance else {})
        self._by_spare = [(-spare, name) for name, spare in self.spare.items() if spare]
        heapq.heapify(self._by_spare)

    def barred(self, branch_id: str) -> set[str]:
        """Who may not go to this branch (again)."""
        if branch_id not in self._barred:
            last_at = self._history.last_at.get(branch_id, {})
            since = self._rules.starts_at - self._rules.rotation
            lately = {shopper for shopper, at in last_at.items() if at > since}
            if not self._rules.rotation:
                lately = set()
            self._barred[branch_id] = lately | self._history.in_wave.get(branch_id, frozenset())
        return self._barred[branch_id]

    def take(self, branch_id: str, shopper_id: str) -> None:
        """Book one visit."""
        self.barred(branch_id).add(shopper_id)
        self.visits_left -= 1
        self.spare[shopper_id] -= 1
        if not self.spare[shopper_id]:
            self.homes.remove(shopper_id)

    def most_spare(self, branch_id: str) -> str | None:
        """The shopper with the most capacity left who may go; ties by id."""
        barred, put_back, found = self.barred(branch_id), [], None
        while self._by_spare and found is None:
            spare, name = heapq.heappop(self._by_spare)
            if -spare != self.spare[name]:  # an old entry: bookings since
                if self.spare[name]:
                    heapq.heappush(self._by_spare, (-self.spare[name], name))
                continue
            put_back.append((spare, name))
            found = None if name in barred else name
        for entry in put_back:
            heapq.heappush(self._by_spare, entry)
        return found

    def why_nobody(self, branch_id: str) -> Unmatched:
        """The reason why no shopper was found."""
        if not self.spare:
            return Unmatched.NO_ELIGIBLE_SHOPPER
        if self.spare.keys() <= self.barred(branch_id):
            return Unmatched.ROTATION
        return Unmatched.CAPACITY


def _match_round(
    wanted: list[tuple[str, int]],
    aims: Mapping[str, Aim],
    desk: _Desk,
    assigned: list[Assigned],
    unmatched: list[tuple[str, int, Unmatched]],
) -> None:
    """One visit a branch: the shortest way of all first; those without a way come last."""
    walks = {
        branch_id: desk.homes.by_distance(aims[branch_id].vector)
        for branch_id, _ in wanted
        if branch_id in aims
    }
    queue = [(*_step(walks, desk, branch_id), branch_id, number) for branch_id, number in wanted]
    heapq.heapify(queue)
    while queue:
        apart, shopper_id, branch_id, number = heapq.heappop(queue)
        if desk.visits_left < 1:
            unmatched.append((branch_id, number, Unmatched.BUDGET))
        elif shopper_id and not desk.spare[shopper_id]:
            heapq.heappush(queue, (*_step(walks, desk, branch_id), branch_id, number))
        elif found := shopper_id or desk.most_spare(branch_id):
            via = aims[branch_id].via if shopper_id else Via.CAPACITY
            way = round(metres(apart), 1) if shopper_id else None
            assigned.append(Assigned(branch_id, number, found, via, way))
            desk.take(branch_id, found)
        else:
            unmatched.append((branch_id, number, desk.why_nobody(branch_id)))


def _step(
    walks: Mapping[str, Iterator[tuple[float, str]]], desk: _Desk, branch_id: str
) -> tuple[float, str]:
    """The next nearest shopper who may go there, or (infinity, "") after the last."""
    barred = desk.barred(branch_id)
    for apart, shopper_id in walks.get(branch_id, ()):
        if shopper_id not in barred:
            return apart, shopper_id
    return math.inf, ""
