"""The league table: what is known of each branch, and what is not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from incognita_comparison.model.draws import draws, quarters
from incognita_comparison.model.evidence import branches_differ
from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.forecasts import LEVEL, NORMAL, Forecast
from incognita_comparison.model.identifiability import not_enough
from incognita_comparison.model.planning import visits_to_reach, visits_to_separate
from incognita_comparison.model.posterior import Posterior, Targets
from incognita_comparison.model.scale import FULL_MARKS
from incognita_comparison.model.ties import CERTAIN, tie_groups
from incognita_comparison.model.training import Trained
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats

QUANTILE = float(ndtri((1 + LEVEL) / 2))
ONE_SIDED = float(ndtri(CERTAIN))
QUARTERS = 4
DRAWS, FEW_BRANCHES = (1_000, 400), 5_000
Words = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Standings:
    """One entry a branch, by code. Points from 0 to 100; intervals hold the truth with 90 %.

    ``estimate``: the score to expect now of a visit by a shopper of average leniency.
    ``not_enough``: why nothing can be ranked, or "". ``tie_group``: 1 for the best.
    ``top_quarter``, ``bottom_quarter``: probabilities, a quarter each where
    nothing differs. ``verdict``: above, below or cannot_tell,
    against the average branch. ``change``: of the branch itself between its last two visits (or
    since the time asked for), NaN where there is one visit; ``change_verdict``: better, worse,
    not_shown or no_earlier_visit. ``visits_to_precision``: more visits until the interval is no
    wider than plus or minus the points asked for; ``visits_to_separate``: more visits of this
    branch and of the next one down until their difference shows; both infinite beyond 1,000.
    """

    estimate: Floats
    lower: Floats
    upper: Floats
    visits: Codes
    shoppers: Codes
    raw_mean: Floats
    top_quarter: Floats
    bottom_quarter: Floats
    tie_group: Codes
    verdict: Words
    change: Floats
    change_lower: Floats
    change_upper: Floats
    change_verdict: Words
    visits_to_precision: Floats
    visits_to_separate: Floats
    forecast: Forecast
    not_enough: str


def expected_points(fit: Fit, values: Floats) -> Floats:
    """Expected score of one visit by any shopper, where the branch stands at ``values``.

    Grows with ``values``, so the ends of an interval may be passed through it.
    """
    of_a_visit = np.sqrt(noise_of_a_visit(fit))
    found = np.empty(len(values))
    for begin in range(0, len(values), 50_000):
        part = values[begin : begin + 50_000, None] + of_a_visit * NORMAL
        found[begin : begin + 50_000] = fit.scale.beyond_points(part).mean(axis=1)
    return np.clip(found, 0.0, FULL_MARKS)


def noise_of_a_visit(fit: Fit) -> float:
    """Variance of a visit around its branch, by a shopper drawn anew."""
    by = fit.components
    return by.noise * (1.0 + by.pair + by.shopper + by.shopper_drift)


def standings(
    trained: Trained,
    branch_groups: dict[str, Codes],
    *,
    since: Floats | None = None,
    precision_points: float = 2.0,
) -> Standings:
    """Of branches 0, 1, …, each visited at least once. ``branch_groups``: their covariates.

    ``since``: for each branch the time from which on its change is wanted.
    """  # fmt: skip
    fit = trained.fit
    visits = fit.design.visits
    count = int(visits.branch[-1]) + 1
    every = np.arange(count)
    nobody, now = np.full(count, UNKNOWN), np.full(count, fit.now)
    targets = Targets(every, nobody, now, branch_groups, with_shopper=False)
    found = _widened(fit, fit.at(targets))
    number = np.bincount(visits.branch, minlength=count)
    missing = not_enough(visits) or ""
    nothing = bool(missing) or not branches_differ(fit)
    deviation = np.sqrt(found.variance)
    ends = [expected_points(fit, found.mean + side * QUANTILE * deviation) for side in (-1, 0, 1)]
    top, bottom = (np.full(count, np.nan),) * 2
    if not missing and nothing:
        top, bottom = (np.full(count, 1 / QUARTERS),) * 2
    elif not missing:
        drawn = draws(found, fit.solution, fit.components.noise, DRAWS[count > FEW_BRANCHES])
        top, bottom = quarters(drawn, count)
    change = _change(fit, found, targets, since)
    slope = np.maximum(expected_points(fit, found.mean + deviation) - ends[1], 1e-9) / deviation
    wanted = (precision_points / QUANTILE / slope) ** 2
    average = float(ends[1].mean())
    verdict = np.where(
        ends[0] > average, "above", np.where(ends[2] < average, "below", "cannot_tell")
    )
    return Standings(
        estimate=ends[1], lower=ends[0], upper=ends[2], visits=number,
        shoppers=_shoppers(fit, count),
        raw_mean=np.bincount(visits.branch, visits.score, count) / np.maximum(number, 1),
        top_quarter=top, bottom_quarter=bottom,
        tie_group=tie_groups(found, fit.solution, fit.components.noise, nothing=nothing),
        verdict=np.where(nothing, "cannot_tell", verdict),
        change=change[1], change_lower=change[0], change_upper=change[2],
        change_verdict=_change_verdict(change),
        visits_to_precision=visits_to_reach(found.variance, wanted, noise_of_a_visit(fit)),
        visits_to_separate=_to_the_next(fit, found),
        forecast=trained.forecast(replace(targets, with_shopper=True)), not_enough=missing,
    )  # fmt: skip


def _widened(fit: Fit, found: Posterior) -> Posterior:
    by = fit.widening**2
    shared = found.shared * fit.widening
    return replace(found, own=found.own * by, shared=shared, variance=found.variance * by)


def _shoppers(fit: Fit, count: int) -> Codes:
    visits = fit.design.visits
    known = visits.shopper != UNKNOWN
    pairs = np.unique(np.c_[visits.branch[known], visits.shopper[known]], axis=0)
    return np.bincount(pairs[:, 0], minlength=count)


def _change(fit: Fit, now: Posterior, targets: Targets, since: Floats | None) -> tuple[Floats, ...]:
    """Lower end, middle and upper end, in points."""
    visits = fit.design.visits
    last = np.searchsorted(visits.branch, targets.branch, side="right") - 1
    before = np.maximum(last - 1, 0)
    once = visits.branch[before] != targets.branch
    once |= last == before
    earlier = visits.time[before] if since is None else since
    asked = replace(targets, time=visits.time[last], earlier=earlier)
    found = fit.at(asked)
    moved, error = found.mean - fit.centre, fit.widening * QUANTILE * np.sqrt(found.variance)
    here = expected_points(fit, now.mean)
    ends = [here - expected_points(fit, now.mean - moved - side * error) for side in (-1, 0, 1)]
    none = once if since is None else np.isnan(since)
    return tuple(np.where(none, np.nan, end) for end in ends)


def _change_verdict(change: tuple[Floats, ...]) -> Words:
    lower, middle, upper = change
    words = np.where(lower > 0, "better", np.where(upper < 0, "worse", "not_shown"))
    return np.where(np.isnan(middle), "no_earlier_visit", words)


def _to_the_next(fit: Fit, found: Posterior) -> Floats:
    order = np.argsort(-found.mean, kind="stable")
    needed = np.full(len(order), np.inf)
    above, below = order[:-1], order[1:]
    needed[above] = visits_to_separate(
        found.mean[above] - found.mean[below], found.variance[above], found.variance[below],
        noise_of_a_visit(fit), ONE_SIDED,
    )  # fmt: skip
    return needed
