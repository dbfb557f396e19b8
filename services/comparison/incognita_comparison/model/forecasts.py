"""Forecasts of single visits, and how far they were off on visits held back (Duan 1983)."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.scale import FULL_MARKS
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats

STEPS = 200
NORMAL: Floats = ndtri((np.arange(STEPS) + 0.5) / STEPS)
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Spread:
    """How standardised errors of forecasts are distributed: ``STEPS`` quantiles from the lowest.

    ``level``: the share of them that an interval must hold to cover as often as it says.
    """

    quantiles: Floats
    level: float = LEVEL


AS_NORMAL = Spread(NORMAL)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Points from 0 to 100, a value for each visit asked for."""

    prediction: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Latent:
    """Mean and standard deviation of a single visit's score, on the model's scale."""

    mean: Floats
    deviation: Floats


def latent(fit: Fit, targets: Targets) -> Latent:
    """With the shopper where known; where blank, with whoever is likely to come."""
    found = fit.at(targets)
    mean, variance = found.mean, found.variance + fit.components.noise
    blank = np.flatnonzero(targets.shopper == UNKNOWN)
    if len(blank):
        likely = _whoever_comes(fit, _take(targets, blank))
        mean[blank], variance[blank] = likely
    return Latent(mean, np.sqrt(variance))


def _whoever_comes(fit: Fit, targets: Targets) -> tuple[Floats, Floats]:
    """A mixture: the branch's last shopper again, or anyone by their share of recent visits."""
    visits, components = fit.design.visits, fit.components
    last = np.searchsorted(visits.branch, targets.branch, side="right") - 1
    met = (last >= 0) & (visits.branch[last] == targets.branch)
    shopper = np.where(met, visits.shopper[last], UNKNOWN)
    again = fit.at(replace(targets, shopper=shopper))
    branch = fit.at(replace(targets, with_shopper=False))
    crowd_mean, crowd_variance = crowd(fit)
    other_mean = branch.mean + crowd_mean
    other = branch.variance + crowd_variance + components.pair * components.noise
    share = np.where(shopper != UNKNOWN, repeat_share(fit), 0.0)
    mean = share * again.mean + (1 - share) * other_mean
    variance = share * again.variance + (1 - share) * other
    variance += share * (1 - share) * (again.mean - other_mean) ** 2
    return mean, variance + components.noise


def repeat_share(fit: Fit) -> float:
    """How often, lately, a branch's next visit is by the same shopper as its last one."""
    visits = fit.design.visits
    next_one = np.flatnonzero(visits.branch[1:] == visits.branch[:-1]) + 1
    next_one = next_one[visits.shopper[next_one] != UNKNOWN]
    if not len(next_one):
        return 0.0
    weights = recency(visits.time[next_one], fit.now)
    same = visits.shopper[next_one] == visits.shopper[next_one - 1]
    return float(weights @ same / (weights.sum() + 1.0))


def crowd(fit: Fit) -> tuple[float, float]:
    """Mean and variance of the leniency of whoever comes, by their share of recent visits."""
    visits, components = fit.design.visits, fit.components
    wide = (components.shopper + components.shopper_drift) * components.noise
    known = visits.shopper != UNKNOWN
    if not known.any():
        return 0.0, wide
    weights = np.bincount(visits.shopper[known], recency(visits.time[known], fit.now))
    shoppers = np.flatnonzero(weights > weights.max() * 1e-4)
    weights = weights[shoppers] / (weights[shoppers].sum() + 1.0)
    mean, variance = leniency(fit, shoppers.astype(np.int64))
    middle = float(weights @ mean)
    spread = float(weights @ (variance + (mean - middle) ** 2))
    return middle, spread + (1 - float(weights.sum())) * wide


def leniency(fit: Fit, shoppers: Codes) -> tuple[Floats, Floats]:
    """Of each shopper at the end of the data: posterior mean and variance on the model's scale."""
    nobody = np.full(len(shoppers), UNKNOWN)
    asked = Targets(nobody, shoppers, np.full(len(shoppers), fit.now), {})
    alone = fit.at(asked)
    average = fit.at(replace(asked, shopper=nobody, with_shopper=False))
    wide = (
        fit.components.branch + fit.components.drift + fit.components.pair
    ) * fit.components.noise
    return alone.mean - average.mean, np.maximum(alone.variance - wide, 0.0)


RECENT_DAYS = 180.0


def recency(time: Floats, now: float) -> Floats:
    """Weights that halve every ``RECENT_DAYS``."""
    return np.asarray(0.5 ** ((now - time) / RECENT_DAYS))


def in_points(fit: Fit, latent_scores: Latent, spread: Spread) -> Forecast:
    """The mean, and the shortest interval that holds ``spread.level`` of what may come."""
    count = len(latent_scores.mean)
    prediction, lower, upper = np.empty(count), np.empty(count), np.empty(count)
    inside = round(spread.level * STEPS)
    for begin in range(0, count, 50_000):
        part = slice(begin, begin + 50_000)
        mean, deviation = latent_scores.mean[part, None], latent_scores.deviation[part, None]
        expected = fit.scale.beyond_points(mean + deviation * spread.quantiles).mean(axis=1)
        prediction[part] = np.clip(expected, 0.0, FULL_MARKS)
        values = fit.scale.to_points(mean + fit.widening * deviation * spread.quantiles)
        best = np.argmin(values[:, inside - 1 :] - values[:, : STEPS - inside + 1], axis=1)
        every = np.arange(len(best))
        lower[part], upper[part] = values[every, best], values[every, best + inside - 1]
    return Forecast(prediction, lower, upper)


def _take(targets: Targets, rows: Codes) -> Targets:
    groups = {name: codes[rows] for name, codes in targets.groups.items()}
    return Targets(targets.branch[rows], targets.shopper[rows], targets.time[rows], groups)
