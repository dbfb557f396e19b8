"""How many more visits it takes, each by another shopper."""

import numpy as np

from incognita_comparison.model.visits import Floats

MOST_VISITS = 1_000
"""More are not worth counting: reported as infinite."""


def visits_to_reach(variance: Floats, wanted: Floats, of_a_visit: float) -> Floats:
    """More visits until the posterior ``variance`` is ``wanted``; conjugate normal updating.

    Drift between now and those visits is left out, so this is the least it takes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.ceil(of_a_visit * (1 / wanted - 1 / variance) - 1e-9)
    needed = np.where(variance <= wanted, 0.0, needed)
    return np.where(np.isfinite(needed) & (needed <= MOST_VISITS), needed, np.inf)


def visits_to_separate(
    apart: Floats, variance: Floats, other: Floats, of_a_visit: float, quantile: float
) -> Floats:
    """More visits of each of two branches, should their estimates stay as far apart as they are.

    ``apart``: difference of the estimates; ``variance``, ``other``: of each.
    """
    wanted = (apart / quantile) ** 2
    low, high = np.zeros(len(apart)), np.full(len(apart), float(MOST_VISITS + 1))
    for _ in range(11):
        middle = np.floor((low + high) / 2)
        both = _after(variance, middle, of_a_visit) + _after(other, middle, of_a_visit)
        enough = both <= wanted
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle + 1)
    return np.where(high > MOST_VISITS, np.inf, np.minimum(high, low))


def _after(variance: Floats, visits: Floats, of_a_visit: float) -> Floats:
    return np.asarray(1 / (1 / np.maximum(variance, 1e-300) + visits / of_a_visit))
