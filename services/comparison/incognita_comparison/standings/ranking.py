"""Which units can be told apart, and the ranks that follow from it.

Two units are told apart when the difference of their estimates, at the level asked for, excludes
zero. Intervals that overlap do not answer that (H. Goldstein and M. Healy, JRSS A 158, 1995,
175-177), so pairs are compared. A unit's rank is a range: one more than those that are certainly
better, up to all but those that are certainly worse (H. Goldstein and D. Spiegelhalter, JRSS A 159,
1996, 385-443). No correction for the number of pairs is made: the estimates are already shrunken,
which holds the share of false verdicts among the verdicts given (A. Gelman, J. Hill, M. Yajima,
J. Research on Educational Effectiveness 5, 2012, 189-211).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from incognita_comparison.standings.random_effects import Fit
from incognita_comparison.standings.units import Unit


@dataclass(frozen=True, slots=True)
class Rank:
    """A range of ranks, 1 is best; units of one ``tie_group`` can't be told from its first one."""

    low: int
    high: int
    tie_group: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit as pairs see it; ``sway`` is how far the unknown reliability moves its estimate."""

    index: int
    value: float
    own: float
    sway: float


def rank(units: Sequence[Unit], fitted: Fit, quantile: float) -> list[Rank]:
    """The rank of each unit, in the order given, which must be from the best estimate down.

    ``quantile``: of the standard normal, 1.645 for two-sided 90 %. Time grows with the number of
    units times the number of different counts, not with the number of pairs.
    """
    classes = _classes(units, fitted)
    better, worse = [0] * len(units), [0] * len(units)
    sure = [places for places in classes if places and _can_tell(places, fitted, units, quantile)]
    for above in sure:
        for below in sure:
            _count(above, below, quantile, better, worse)
    ties = _tie_groups(_by_index(sure), len(units), quantile)
    return [Rank(better[i] + 1, len(units) - worse[i], ties[i]) for i in range(len(units))]


def _classes(units: Sequence[Unit], fitted: Fit) -> list[list[_Place]]:
    """The places by number of observations, each list from the worst up."""
    classes: dict[int, list[_Place]] = defaultdict(list)
    for index, unit in enumerate(units):
        by = fitted.shrinkage[unit.count]
        u = unit.mean - fitted.centre
        place = _Place(index, by.shift + by.weight * u, by.own, sqrt(by.v2) * u)
        classes[unit.count].append(place)
    for places in classes.values():
        places.sort(key=lambda place: (place.value, -place.index))
    return list(classes.values())


def _can_tell(
    places: Sequence[_Place], fitted: Fit, units: Sequence[Unit], quantile: float
) -> bool:
    """Whether these units' own observations certainly weigh anything at all.

    If not, no difference between them, however large, is certain; if so, "certainly better" grows
    with the estimate, which ``_count`` builds on.
    """
    by = fitted.shrinkage[units[places[0].index].count]
    return by.weight > quantile * sqrt(by.v2)


def _certain(above: _Place, below: _Place, quantile: float) -> bool:
    error = sqrt(above.own + below.own + (above.sway - below.sway) ** 2)
    return above.value - below.value > quantile * error


def _count(
    above: Sequence[_Place],
    below: Sequence[_Place],
    quantile: float,
    better: list[int],
    worse: list[int],
) -> None:
    """Add, for each of ``above``, how many of ``below`` are certainly worse, and the other way."""
    reached: list[int] = []
    passed = 0
    for place in above:
        while passed < len(below) and _certain(place, below[passed], quantile):
            passed += 1
        worse[place.index] += passed
        reached.append(passed)
    for position, place in enumerate(below):
        better[place.index] += len(above) - bisect_right(reached, position)


def _by_index(classes: Sequence[Sequence[_Place]]) -> dict[int, _Place]:
    return {place.index: place for places in classes for place in places}


def _tie_groups(places: dict[int, _Place], size: int, quantile: float) -> list[int]:
    """Number the groups from 1: a unit certainly below the first of its group starts a new one."""
    groups: list[int] = []
    first: _Place | None = None
    group = 1
    for index in range(size):
        place = places.get(index)
        if place is not None:
            if first is None:
                first = place
            elif _certain(first, place, quantile):
                first, group = place, group + 1
        groups.append(group)
    return groups
