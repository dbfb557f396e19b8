"""Simulated visits whose truth is known, to hold the model against."""

from dataclasses import dataclass

import numpy as np

from incognita_comparison.model.visits import Floats, Visits


@dataclass(frozen=True, slots=True)
class World:
    """Visits, and the true effects behind them, in points."""

    visits: Visits
    branch: Floats
    shopper: Floats


def world(
    seed: int,
    *,
    branches: int = 60,
    shoppers: int = 12,
    visits: int = 480,
    branch_sd: float = 4.0,
    shopper_sd: float = 2.0,
    noise_sd: float = 4.0,
) -> World:
    """Every branch is visited; shoppers come at random over three years; far from the ceiling."""
    chance = np.random.default_rng(seed)
    branch = np.r_[np.arange(branches), chance.integers(0, branches, visits - branches)]
    shopper = chance.integers(0, shoppers, visits)
    time = chance.uniform(19_000, 20_095, visits)
    of_branch, of_shopper = (
        chance.normal(0, branch_sd, branches),
        chance.normal(0, shopper_sd, shoppers),
    )
    score = 60 + of_branch[branch] + of_shopper[shopper] + chance.normal(0, noise_sd, visits)
    return World(Visits(branch, shopper, time, score), of_branch, of_shopper)
