"""What a customer will do next, given the fitted model of buying and what it did.

Given that a customer with x repeats in T weeks is alive, its rate is gamma distributed with r + x
and alpha + T and its chance of dropping out beta distributed with a and b + x, independently (the
likelihood of one who is alive, ``(1-p)^x rate^x exp(-rate T)``, times the priors). So the paper's
equations for a new customer hold for it, with these four numbers in the place of r, alpha, a, b.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import betainc, gammaln

from incognita_comparison.customers.buying import Buying, Counts
from incognita_comparison.customers.orders import Floats

Given = Callable[[Floats, Floats, Floats], Floats]

NODES = 40
ROWS = 50_000
SMALL = 1e-4
NEGLIGIBLE = 1e-12
TAIL = 0.05
MOST_ORDERS = 100_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """r, alpha, a, b by name, as many columns as there are histories, or single numbers."""

    r: float
    alpha: float
    a: float
    b: float


def alive(numbers: Numbers, counts: Counts) -> Floats:
    """The probability that a customer has not dropped out: by Bayes from equation 6 of the paper.

    It is 1 for who never came back: in this model customers leave only after a repeat.
    """
    x = counts.repeats
    log_odds = (
        np.log(numbers.a) - np.log(np.where(x > 0, numbers.b + x - 1, 1.0))
        + (numbers.r + x)
        * (np.log(numbers.alpha + counts.observed) - np.log(numbers.alpha + counts.recency))
    )  # fmt: skip
    with np.errstate(over="ignore"):
        return np.asarray(np.where(x > 0, 1 / (1 + np.exp(log_odds)), 1.0))


def expected(numbers: Numbers, counts: Counts, weeks: float) -> Floats:
    """Occasions in the next ``weeks``: equation 10 of the paper.

    Not by its hypergeometric function, which fails at a = 1 and for long histories, but as the mean
    of equation 9's ``(1 - exp(-rate p t)) / p``, over the rate in closed form and over p by Gauss's
    quadrature with the beta density as its weight.
    """
    return alive(numbers, counts) * _moment(numbers, counts, weeks, _first)


def variance(numbers: Numbers, counts: Counts, weeks: float) -> Floats:
    """Of the number of occasions in the next ``weeks``, the parameters being known."""
    chance = alive(numbers, counts)
    mean = chance * _moment(numbers, counts, weeks, _first)
    return chance * _moment(numbers, counts, weeks, _second) + mean - mean**2


def _first(p: Floats, shape: Floats, pace: Floats) -> Floats:
    """E[N] given p; ``pace``: t / (alpha + T)."""
    y = p * pace
    return np.asarray(np.where(y > NEGLIGIBLE, -np.expm1(-shape * np.log1p(y)) / p, shape * pace))


def _second(p: Floats, shape: Floats, pace: Floats) -> Floats:
    """E[N (N - 1)] given p: twice the integral of ``rate exp(-rate p s) (1-p) m(t-s)`` over s, with
    ``m`` the mean of equation 9."""
    y = p * pace
    exact = -np.expm1(-shape * np.log1p(y)) - shape * y * np.exp(-(shape + 1) * np.log1p(y))
    near = shape * (shape + 1) * y**2 / 2  # where the difference would lose its digits
    return np.asarray(2 * (1 - p) * np.where(shape * y > SMALL, exact, near) / p**2)


def _moment(numbers: Numbers, counts: Counts, weeks: float, given: Given) -> Floats:
    result = np.zeros(len(counts.repeats))
    pace = weeks / (numbers.alpha + counts.observed)
    for x in np.unique(counts.repeats):
        nodes, weights = _beta_nodes(numbers.a, numbers.b + float(x))
        rows = np.flatnonzero(counts.repeats == x)
        for begin in range(0, len(rows), ROWS):
            part = rows[begin : begin + ROWS]
            values = given(nodes, np.array(numbers.r + x), pace[part, None])
            result[part] = values @ weights
    return result


def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights for the mean of a function of a beta variable.

    G. H. Golub, J. H. Welsch, "Calculation of Gauss Quadrature Rules", Mathematics of Computation
    23, 1969: eigenvalues of the matrix of the Jacobi polynomials' recurrence. Weights sum to one
    without any gamma function, so nothing overflows.
    """
    left, right = b - 1, a - 1
    k = np.arange(NODES, dtype=float)
    total = 2 * k + left + right
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (right**2 - left**2) / (total * (total + 2))
    middle[0] = (right - left) / (left + right + 2)
    k, total = k[1:], total[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        side = (
            4 * k * (k + left) * (k + right) * (k + left + right)
            / (total**2 * (total + 1) * (total - 1))
        )  # fmt: skip
    side[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    at, vectors = eigh_tridiagonal(middle, np.sqrt(side))
    return np.clip((1 + at) / 2, 1e-15, 1.0), vectors[0] ** 2


def interval(numbers: Numbers, counts: Counts, weeks: float) -> tuple[Floats, Floats, Floats]:
    """The probability of any occasion, and the 5 % and 95 % points of their number.

    The distribution is equation 8 of the paper, mixed with nought for who has dropped out. At least
    90 % lies from the one point to the other, both included, the parameters being known.
    """
    r, scale = numbers.r + counts.repeats, numbers.alpha + counts.observed
    a, b = numbers.a, numbers.b + counts.repeats
    share = weeks / (scale + weeks)
    chance = alive(numbers, counts)
    low, high = np.full(len(r), -1.0), np.full(len(r), -1.0)
    none = chance * np.exp(r * np.log1p(-share)) + 1 - chance
    reached, still = np.zeros(len(r)), np.arange(len(r))
    ratio = np.ones(len(r))  # B(a, b + n) / B(a, b)
    for n in range(MOST_ORDERS):
        r_, s_, b_ = r[still], share[still], b[still]
        log_count = gammaln(r_ + n) - gammaln(r_) - gammaln(n + 1) + r_ * np.log1p(-s_)
        count = np.exp(log_count + n * np.log(s_))
        if n:
            gone = ratio[still] * a / (a + b_ + n - 1) * betainc(n, r_, s_)
            ratio[still] *= (b_ + n - 1) / (a + b_ + n - 1)
        else:
            gone = np.zeros(len(still))
        chance_of_n = chance[still] * (ratio[still] * count + gone) + (
            0.0 if n else 1 - chance[still]
        )
        reached[still] += chance_of_n
        low[still] = np.where((low[still] < 0) & (reached[still] >= TAIL), n, low[still])
        high[still] = np.where(reached[still] >= 1 - TAIL, n, high[still])
        still = still[high[still] < 0]
        if not len(still):
            break
    return 1 - none, low, np.where(high < 0, np.inf, high)


def slopes(buying: Buying, counts: Counts, weeks: float) -> Floats:
    """Derivatives of ``expected`` by ln r, ln alpha, ln a, ln b: one row a parameter."""
    at = np.log([buying.r, buying.alpha, buying.a, buying.b])
    rows = []
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = SMALL
        above = expected(Numbers(*np.exp(at + step).tolist()), counts, weeks)
        below = expected(Numbers(*np.exp(at - step).tolist()), counts, weeks)
        rows.append((above - below) / (2 * SMALL))
    return np.array(rows)
