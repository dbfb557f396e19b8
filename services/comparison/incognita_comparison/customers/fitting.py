"""Maximum likelihood for a handful of positive parameters, with what is not known of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from incognita_comparison.customers.orders import Floats

Slope = Callable[[Floats], tuple[float, Floats]]
"""From the logarithms of the parameters to the log-likelihood and its gradient by them."""

BOUND = float(np.log(1e5))
"""Parameters are sought between 1e-5 and 1e5 times their unit. A likelihood that still rises there
says that customers are all alike in this respect, and no finite estimate would be any better."""
AT_BOUND = 1e-3
STEP = 1e-4
NEWTON_STEPS = 8
RIDGE_LOSS = 0.01
FLATTEST = 1e-3
"""Curvature below which a direction is a ridge: the logarithm of a parameter would be known to
within 30 or so only."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """``log``: logarithms of the estimates. ``covariance``: of these, the inverse of the observed
    information; zero in rows of parameters that stand at a bound (``free`` False).

    ``identified``: False where the likelihood has no proper maximum in the free parameters.
    """

    log: Floats
    log_likelihood: float
    covariance: Floats
    free: np.ndarray[tuple[int], np.dtype[np.bool_]]
    identified: bool

    @property
    def values(self) -> Floats:
        """The estimates."""
        return np.exp(self.log)

    @property
    def standard_errors(self) -> Floats:
        """Of the estimates, by the delta method; nan for those at a bound."""
        errors = self.values * np.sqrt(np.diag(self.covariance))
        return np.where(self.free, errors, np.nan)


def maximum(slope: Slope, starts: Sequence[Floats], size: int) -> Maximum:
    """The best of several starts, then Newton's steps. ``size``: the number of observations.

    Where customers are alike, the likelihood rises along a ridge towards a limit that no finite
    parameters reach. Then the parameter that leads there is put to the end of its range, if that
    costs nothing.
    """
    ends = [(-BOUND, BOUND)] * len(starts[0])
    best = max((_climbed(slope, start, ends, size) for start in starts), key=_height)
    if best.identified:
        return best
    limits = []
    for place in range(len(ends)):
        held = [*ends[:place], (BOUND, BOUND), *ends[place + 1 :]]
        limits.append(_climbed(slope, best.log, held, size))
    highest = max((limit for limit in limits if limit.identified), key=_height, default=best)
    return highest if highest.log_likelihood > best.log_likelihood - RIDGE_LOSS else best


def _height(found: Maximum) -> float:
    return found.log_likelihood


def _climbed(
    slope: Slope, start: Floats, bounds: Sequence[tuple[float, float]], size: int
) -> Maximum:
    def lost(log: Floats) -> tuple[float, Floats]:
        value, gradient = slope(log)
        return -value / size, -gradient / size

    found = minimize(
        lost,
        start,
        args=(),
        method="L-BFGS-B",
        jac=True,
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9},
    )
    log = np.asarray(found.x, np.float64)
    free = np.abs(log) < BOUND - AT_BOUND
    log = _polished(slope, log, free)
    information = -_curvature(slope, log)[np.ix_(free, free)]
    covariance = np.zeros((len(log), len(log)))
    identified = bool(free.any()) and bool(np.linalg.eigvalsh(information).min() > FLATTEST)
    if identified:
        covariance[np.ix_(free, free)] = np.linalg.inv(information)
    return Maximum(log, slope(log)[0], covariance, free, identified)


def _polished(
    slope: Slope, log: Floats, free: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Floats:
    value, gradient = slope(log)
    for _ in range(NEWTON_STEPS):
        information = -_curvature(slope, log)[np.ix_(free, free)]
        if not free.any() or np.linalg.eigvalsh(information).min() <= 0:
            break
        step = np.zeros_like(log)
        step[free] = np.linalg.solve(information, gradient[free])
        better, next_gradient = slope(np.clip(log + step, -BOUND, BOUND))
        if not better > value:
            break
        log, value, gradient = np.clip(log + step, -BOUND, BOUND), better, next_gradient
    return log


def _curvature(slope: Slope, log: Floats) -> Floats:
    """Second derivatives, as differences of the exact gradient: right to about eight digits."""
    rows = []
    for place in range(len(log)):
        step = np.zeros_like(log)
        step[place] = STEP
        rows.append((slope(log + step)[1] - slope(log - step)[1]) / (2 * STEP))
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2)
