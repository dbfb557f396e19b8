"""Simulated visits whose truth is known, to hold the model against."""

from dataclasses import dataclass

import numpy as np

from incognita_comparison.model.visits import Codes, Floats, Visits

BEGIN, END = 19_000.0, 20_095.0
"""Days since 1970: three years."""


@dataclass(frozen=True, slots=True)
class World:
    """Visits, and the truth behind them.

    ``branch``, ``shopper``: their lasting effects. ``truth``: the score to expect of each branch at
    the end, of a visit by any shopper, in points.
    """

    visits: Visits
    branch: Floats
    shopper: Floats
    truth: Floats


def world(
    seed: int,
    *,
    branches: int = 60,
    shoppers: int = 12,
    visits: int = 480,
    branch_sd: float = 4.0,
    shopper_sd: float = 2.0,
    noise_sd: float = 4.0,
    drift_sd: float = 0.0,
    drift_days: float = 400.0,
) -> World:
    """Normal effects around 60 points, far from the ceiling; every branch is visited."""
    chance = np.random.default_rng(seed)
    branch, shopper, time = _who_when(chance, branches, shoppers, visits)
    of_branch, of_shopper = (
        chance.normal(0, branch_sd, branches),
        chance.normal(0, shopper_sd, shoppers),
    )
    wander, at_end = _drift(chance, branch, time, drift_sd, drift_days)
    score = 60 + of_branch[branch] + wander + of_shopper[shopper]
    score = score + chance.normal(0, noise_sd, visits)
    made = Visits(branch, shopper, time, np.clip(score, 0, 100))
    return World(made, of_branch, of_shopper, 60 + of_branch + at_end)


def world_at_the_ceiling(
    seed: int, *, branches: int = 60, shoppers: int = 12, visits: int = 480
) -> World:
    """Scores in half points that pile up at 100, as those of real chains do.

    Effects add up on the logarithm of the distance from full marks.
    """
    chance = np.random.default_rng(seed)
    branch, shopper, time = _who_when(chance, branches, shoppers, visits)
    of_branch, of_shopper = chance.normal(0, 0.45, branches), chance.normal(0, 0.25, shoppers)
    middle = 1.3 + of_branch[branch] + of_shopper[shopper]
    score = _half_points(middle + chance.normal(0, 0.6, visits))
    any_visit = 1.3 + chance.normal(0, np.hypot(0.25, 0.6), 4_000)
    truth = np.array([_half_points(any_visit + effect).mean() for effect in of_branch])
    return World(Visits(branch, shopper, time, score), -of_branch, -of_shopper, truth)


def _half_points(log_distance: Floats) -> Floats:
    distance = np.maximum(np.exp(log_distance) - 1.5, 0.0)
    return np.asarray(np.round(2 * np.clip(100 - distance, 0, 100)) / 2)


def _who_when(
    chance: np.random.Generator, branches: int, shoppers: int, visits: int
) -> tuple[Codes, Codes, Floats]:
    branch = np.r_[np.arange(branches), chance.integers(0, branches, visits - branches)]
    return branch, chance.integers(0, shoppers, visits), chance.uniform(BEGIN, END, visits)


def _drift(
    chance: np.random.Generator,
    branch: Codes,
    time: Floats,
    deviation: float,
    drift_days: float,
) -> tuple[Floats, Floats]:
    """Ornstein-Uhlenbeck paths at the visits, and where they end."""
    at_visits, count = np.zeros(len(time)), int(branch.max()) + 1
    place, when = np.zeros(count), np.full(count, -np.inf)
    if deviation == 0.0:
        return at_visits, place
    for visit in np.argsort(time):
        unit = branch[visit]
        kept = np.exp(-(time[visit] - when[unit]) / drift_days)
        spread = deviation * np.sqrt(1 - kept**2)
        place[unit] = kept * place[unit] + chance.normal(0, spread)
        when[unit], at_visits[visit] = time[visit], place[unit]
    kept_all = np.exp(-(time.max() - when) / drift_days)
    return at_visits, kept_all * place + chance.normal(size=count) * deviation * np.sqrt(
        1 - kept_all**2
    )
