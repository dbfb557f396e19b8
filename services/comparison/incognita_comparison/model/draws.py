"""Draws of all branches at once from their joint posterior."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from incognita_comparison.model.equations import Solution
from incognita_comparison.model.posterior import Posterior
from incognita_comparison.model.visits import Floats

SEED = 20_260_101
AT_ONCE = 50


def draws(found: Posterior, solution: Solution, noise: float, count: int) -> Iterator[Floats]:
    """Arrays of shape (up to ``AT_ONCE``, targets), ``count`` rows in all; the same every time.

    Errors that targets share are drawn together where the equations were factored; else each
    target has its own, of the same variance.
    """
    chance = np.random.default_rng(SEED)
    for begin in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - begin)
        drawn = found.mean + chance.standard_normal((size, len(found.mean))) * np.sqrt(
            found.own if solution.root is not None else found.variance
        )
        if solution.root is not None:
            common = chance.standard_normal((solution.root.shape[0], size))
            common = linalg.solve_triangular(solution.root.T, common, lower=False)
            drawn += (found.shared @ common).T * np.sqrt(noise)
        yield drawn


def quarters(all_draws: Iterator[Floats], branches: int) -> tuple[Floats, Floats]:
    """For each branch the probability of being in the best and in the worst quarter."""
    size = max(round(branches / 4), 1)
    top, bottom, count = np.zeros(branches), np.zeros(branches), 0
    for drawn in all_draws:
        order = np.argpartition(drawn, (size - 1, branches - size), axis=1)
        _count(top, order[:, branches - size :])
        _count(bottom, order[:, :size])
        count += len(drawn)
    return top / count, bottom / count


def _count(into: Floats, places: NDArray[np.int64]) -> None:
    into += np.bincount(places.ravel(), minlength=len(into))
