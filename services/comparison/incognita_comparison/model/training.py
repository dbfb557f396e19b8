"""The model makes itself fit the data: the scale and the intervals by visits held back in time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from incognita_comparison.model.components import Components
from incognita_comparison.model.fitting import Fit, components_of, fit_with, start_of
from incognita_comparison.model.forecasts import (
    AS_NORMAL,
    LEVEL,
    STEPS,
    Forecast,
    Latent,
    Spread,
    in_points,
    latent,
)
from incognita_comparison.model.identifiability import not_enough
from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.sampling import sample
from incognita_comparison.model.scale import AS_POINTS, FULL_MARKS, Scale
from incognita_comparison.model.visits import UNKNOWN, Floats, Visits

FEWEST_HELD_BACK = 100
"""Fewer say too little about the shape of the errors: then it is taken for normal."""
ORIGINS = (0.7, 0.8, 0.9)
"""Shares of the visits, in order of time, that forecasts of the next ones are made from."""
Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A fit and what the visits held back said of its forecasts, by whether the shopper was known.

    ``held_back``: how many there were, 0 where too few.
    """

    fit: Fit
    known: Spread
    blank: Spread
    held_back: int

    def forecast(self, targets: Targets) -> Forecast:
        """One for each visit asked for."""
        scores = latent(self.fit, targets)
        blank = targets.shopper == UNKNOWN
        found = in_points(self.fit, scores, self.known)
        if blank.any():
            other = in_points(
                self.fit, Latent(scores.mean[blank], scores.deviation[blank]), self.blank
            )
            for one, of in zip(
                (found.prediction, found.lower, found.upper),
                (other.prediction, other.lower, other.upper),
                strict=True,
            ):
                one[blank] = of
        return found


@dataclass(frozen=True, slots=True)
class _HeldBack:
    """What came, and what each fit made before said of it, shopper known and blank."""

    score: Floats
    known: Latent
    blank: Latent
    fit: Fit


def train(visits: Visits, progress: Progress = silent) -> Trained:
    """At least one visit. Deterministic; the time is bounded by the size of the sample."""
    if not_enough(visits):
        return Trained(fit_with(visits, AS_POINTS, start_of(visits)), AS_NORMAL, AS_NORMAL, 0)
    small = sample(visits)
    borders = np.quantile(small.time, ORIGINS)
    before = small.take(small.time < borders[0])
    windows = zip(borders, [*borders[1:], np.inf], strict=True)
    held = sum(len(next_visits(small, begin, end)) for begin, end in windows)
    if held < FEWEST_HELD_BACK or not_enough(before):
        progress("estimating the components")
        components = components_of(visits, AS_POINTS, start_of(visits))
        return Trained(fit_with(visits, AS_POINTS, components), AS_NORMAL, AS_NORMAL, 0)
    tried: list[tuple[float, Scale, Components, list[_HeldBack]]] = []
    start, iterations = start_of(visits), 40
    for number, scale in enumerate(_scales(before), 1):
        progress(f"trying scale {number}")
        components = components_of(before, scale, start, most_iterations=iterations)
        start, iterations = components, 10
        held_back = _hold_back(small, scale, components, borders)
        tried.append((_error(held_back), scale, components, held_back))
    _, scale, components, held_back = min(tried, key=lambda each: each[0])
    progress("estimating the components")
    components = components_of(visits, scale, components, most_iterations=10)
    known = _spread(held_back, lambda part: part.known)
    blank = _spread(held_back, lambda part: part.blank)
    progress("solving for all effects")
    return Trained(fit_with(visits, scale, components), known, blank, held)


def _scales(visits: Visits) -> tuple[Scale, ...]:
    distance = FULL_MARKS - visits.score
    typical = max(float(np.median(distance)), 0.5)
    return (
        Scale(0.5, typical / 10), AS_POINTS, Scale(0.0, typical / 2), Scale(0.0, typical * 1.5),
    )  # fmt: skip


def next_visits(visits: Visits, begin: float, end: float) -> Visits:
    """The first visit of each branch from ``begin`` on that was visited before."""
    later = visits.take((visits.time >= begin) & (visits.time < end))
    later = later.take(np.isin(later.branch, visits.branch[visits.time < begin]))
    order = np.lexsort((later.score, later.shopper, later.time, later.branch))
    later = later.take(order)
    return later.take(
        np.flatnonzero(np.r_[True, later.branch[1:] != later.branch[:-1]][: len(later)])
    )


def _hold_back(
    visits: Visits, scale: Scale, components: Components, borders: Floats
) -> list[_HeldBack]:
    found = []
    for begin, end in zip(borders, [*borders[1:], np.inf], strict=True):
        later = next_visits(visits, begin, end)
        if not len(later):
            continue
        fit = fit_with(visits.take(visits.time < begin), scale, components)
        targets = Targets(later.branch, later.shopper, later.time, dict(later.groups))
        nobody = Targets(later.branch, np.full(len(later), UNKNOWN), later.time, dict(later.groups))
        found.append(_HeldBack(later.score, latent(fit, targets), latent(fit, nobody), fit))
    return found


def _error(held_back: list[_HeldBack]) -> float:
    """Mean squared error in points, with and without the shopper."""
    squares, count = 0.0, 0
    ways: tuple[Callable[[_HeldBack], Latent], ...] = (
        lambda part: part.known,
        lambda part: part.blank,
    )
    for get in ways:
        spread = _spread(held_back, get)
        for part in held_back:
            off = part.score - in_points(part.fit, get(part), spread).prediction
            squares, count = squares + float(off @ off), count + len(off)
    return squares / count


def _spread(held_back: list[_HeldBack], get: Callable[[_HeldBack], Latent]) -> Spread:
    """Quantiles of the standardised errors, and the level at which intervals cover 90 %."""
    errors = np.concatenate(
        [
            (part.fit.scale.of_points(part.score) - get(part).mean) / get(part).deviation
            for part in held_back
        ]
    )
    errors -= errors.mean()  # the level wanders: what it was lately says little of what comes
    quantiles = np.quantile(errors, (np.arange(STEPS) + 0.5) / STEPS)
    best = Spread(quantiles)
    score = np.concatenate([part.score for part in held_back])
    for level in np.arange(0.82, 0.98, 0.01):
        spread = Spread(quantiles, float(level))
        parts = [in_points(part.fit, get(part), spread) for part in held_back]
        lower = np.concatenate([part.lower for part in parts])
        upper = np.concatenate([part.upper for part in parts])
        best = spread
        if np.mean((score >= lower - 1e-9) & (score <= upper + 1e-9)) >= LEVEL:
            break
    return best
