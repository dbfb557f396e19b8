"""What the estimator reads: the means of the compared units, and how much single scores vary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from incognita_comparison.rules import UNITS_PER_POINT


@dataclass(frozen=True, slots=True)
class Unit:
    """One compared unit. Scores are points from 0 to 100.

    ``count``: observations (visits of a branch; branches of a city). ``within``: sum of the squared
    deviations of the observations from ``mean``.
    """

    key: str
    count: int
    mean: float
    within: float


@dataclass(frozen=True, slots=True)
class Within:
    """What is known of the variance within a unit: a sum of squares and its degrees of freedom."""

    squares: float = 0.0
    degrees: int = 0

    def __add__(self, other: "Within") -> "Within":
        return Within(self.squares + other.squares, self.degrees + other.degrees)


def unit_of_sums(key: str, *, count: int, total: int, squares: int) -> Unit:
    """A unit from exact sums of scores and of their squares, in ten-thousandths of a point.

    The sum of squared deviations is formed in integers, where nothing cancels.
    """
    within = (count * squares - total * total) / count / UNITS_PER_POINT**2
    return Unit(key, count, total / count / UNITS_PER_POINT, within)


def unit_of_means(key: str, means: Iterable[float]) -> Unit:
    """A unit whose observations are the means of its members, each of which counts once."""
    values = tuple(means)
    mean = fsum(values) / len(values)
    return Unit(key, len(values), mean, fsum((value - mean) ** 2 for value in values))


def pooled_within(units: Iterable[Unit]) -> Within:
    """The within-unit variation of all units together (one-way analysis of variance)."""
    squares, degrees = 0.0, 0
    for unit in units:
        squares += unit.within
        degrees += unit.count - 1
    return Within(squares, degrees)


def between_waves(earlier: Mapping[str, Unit], later: Mapping[str, Unit]) -> Within:
    """Within-unit variation seen in the differences of two waves, wave means taken out.

    For a branch with n and m visits, (difference)² / (1/n + 1/m) has the variance of one visit as
    its expectation, plus what the branch really changed: so it errs towards "cannot tell".
    """
    shared = earlier.keys() & later.keys()
    if len(shared) < 2:  # noqa: PLR2004 - one difference only gives the change of the mean
        return Within()
    weights, differences = [], []
    for key in sorted(shared):
        weights.append(1 / (1 / earlier[key].count + 1 / later[key].count))
        differences.append(later[key].mean - earlier[key].mean)
    shift = fsum(w * d for w, d in zip(weights, differences, strict=True)) / fsum(weights)
    squares = fsum(w * (d - shift) ** 2 for w, d in zip(weights, differences, strict=True))
    return Within(squares, len(shared) - 1)
