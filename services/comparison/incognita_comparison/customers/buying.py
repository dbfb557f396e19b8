"""BG/NBD: how often customers buy, and when they silently stop.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "'Counting Your Customers' the Easy Way: An Alternative to
the Pareto/NBD Model", Marketing Science 24(2), 2005, 275-284. While alive a customer buys at random
with a rate of its own (gamma distributed: shape r, rate alpha in weeks); after each occasion it
drops out with a chance of its own (beta distributed: a, b). Nobody sees a customer leave.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from incognita_comparison.customers.fitting import Maximum, maximum
from incognita_comparison.customers.orders import Floats, Whole

FEWEST_RETURNS = 20
"""Four parameters, and five customers who came back for each: a rule of thumb, not of the paper."""
NAMES = ("r", "alpha", "a", "b")


@dataclass(frozen=True, slots=True)
class Counts:
    """Distinct histories: ``repeats`` x, ``recency`` t_x and ``observed`` T in weeks.

    ``times``: how many customers have each. ``place``: which one each customer has, so that
    ``column[place]`` is the customers'."""

    repeats: Floats
    recency: Floats
    observed: Floats
    times: Floats
    place: Whole


@dataclass(frozen=True, slots=True)
class Buying:
    """The fitted model, or in ``not_enough`` why there is none. Weeks are the unit of time.

    ``at_bound``: names of the parameters for which only a limit is known, customers being alike.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    maximum: Maximum | None = None
    not_enough: str = ""

    @property
    def at_bound(self) -> list[str]:
        """Names of parameters at the end of the range in which they are sought."""
        if self.maximum is None:
            return []
        return [name for name, free in zip(NAMES, self.maximum.free, strict=True) if not free]

    @property
    def standard_errors(self) -> Floats:
        """Of r, alpha, a, b, by the observed information; nan where not known."""
        if self.maximum is None:
            return np.full(len(NAMES), np.nan)
        # alpha was sought in another unit of time
        relative = self.maximum.standard_errors / self.maximum.values
        return np.asarray(relative * np.array([self.r, self.alpha, self.a, self.b]))


def counts_of(repeats: Whole, recency_weeks: Floats, observed_weeks: Floats) -> Counts:
    """Customers with the same history are one row: a million customers are far fewer histories."""
    days = np.rint(7 * np.column_stack((recency_weeks, observed_weeks))).astype(np.int64)
    rows = np.column_stack((repeats, days))
    found, place, times = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return Counts(
        found[:, 0].astype(float), found[:, 1] / 7, found[:, 2] / 7, times.astype(float),
        place.reshape(-1),
    )  # fmt: skip


def log_likelihood(log: Floats, counts: Counts) -> tuple[float, Floats]:
    """Of all customers, and its gradient by ln r, ln alpha, ln a, ln b.

    Equation 6 of the paper, in the form of Fader and Hardie's note "Implementing the BG/NBD Model
    for Customer Base Analysis in Excel" (2005), ``ln A1 + ln A2 + ln(A3 + A4)``, its sum taken on
    the logarithmic scale so that long histories don't underflow.
    """
    r, alpha, a, b = np.exp(log)
    x, came = counts.repeats, counts.repeats > 0
    ends = np.log(alpha + counts.observed), np.log(alpha + counts.recency)
    log_alive = -(r + x) * ends[0]
    before = np.where(came, b + x - 1, 1.0)
    log_gone = np.where(came, np.log(a) - np.log(before) - (r + x) * ends[1], -np.inf)
    both = np.logaddexp(log_alive, log_gone)
    gone = np.exp(log_gone - both)
    # the costly functions see each number of repeats once
    n, at = np.arange(int(x.max()) + 1.0), x.astype(np.int64)
    bare = (
        gammaln(r + n) - gammaln(r) + r * log[1]
        + gammaln(a + b) + gammaln(b + n) - gammaln(b) - gammaln(a + b + n)
    )  # fmt: skip
    stays = psi(a + b + n)
    by = (
        (psi(r + n) - psi(r) + log[1])[at] - (1 - gone) * ends[0] - gone * ends[1],
        r / alpha
        - (r + x) * ((1 - gone) / (alpha + counts.observed) + gone / (alpha + counts.recency)),
        (psi(a + b) - stays)[at] + gone / a,
        (psi(a + b) + psi(b + n) - psi(b) - stays)[at] - gone / before,
    )
    gradient = np.array([float(counts.times @ one) for one in by]) * np.exp(log)
    return float(counts.times @ (bare[at] + both)), gradient


def fit_buying(counts: Counts) -> Buying:
    """Maximum likelihood. Doesn't raise: too few data give ``not_enough``."""
    if cause := _too_little(counts):
        return Buying(np.nan, np.nan, np.nan, np.nan, np.nan, not_enough=cause)
    # in units of the mean observation the parameters are near one, whatever the trade's pace
    unit = float(counts.times @ counts.observed / counts.times.sum())
    scaled = Counts(
        counts.repeats, counts.recency / unit, counts.observed / unit, counts.times, counts.place
    )
    starts = [
        np.log(np.array(start)) for start in ((1, 1, 1, 1), (0.3, 0.2, 0.8, 2.5), (3, 1, 1, 9))
    ]
    found = maximum(lambda log: log_likelihood(log, scaled), starts, int(counts.times.sum()))
    r, alpha, a, b = found.values.tolist()
    if not found.identified:
        return Buying(np.nan, np.nan, np.nan, np.nan, np.nan, not_enough="not_identified")
    value = found.log_likelihood - float(counts.times @ counts.repeats) * float(np.log(unit))
    return Buying(r, alpha * unit, a, b, value, found)


def _too_little(counts: Counts) -> str:
    if not len(counts.times):
        return "no_customers"
    if counts.times.sum() == 1:
        return "one_customer"
    if not counts.observed.max() > 0:
        return "one_day"
    returned = counts.times[counts.repeats > 0].sum()
    if returned == 0:
        return "nobody_came_back"
    if returned < FEWEST_RETURNS:
        return "too_few_came_back"
    return ""
