"""What customers will be worth: buying and spending together.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "RFM and CLV: Using Iso-Value Curves for Customer Base
Analysis", Journal of Marketing Research 42(4), 2005: a customer's value is the expected number of
its occasions, discounted, times its expected spending, times the margin; the two are taken as
independent.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from incognita_comparison.customers import forecasts
from incognita_comparison.customers.buying import Buying, Counts, counts_of, fit_buying
from incognita_comparison.customers.forecasts import Numbers
from incognita_comparison.customers.histories import Histories
from incognita_comparison.customers.orders import Floats
from incognita_comparison.customers.spending import Spending, fit_spending

QUANTILE = 1.6448536269514722
WEEKS_A_YEAR = 365.25 / 7
PIECE_WEEKS = 13.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far to look. ``discount``: per year, 0.1 for 10 %. ``margin``: share of the revenue."""

    weeks: float = 52.0
    discount: float = 0.1
    margin: float = 1.0


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over customers with its 90 % interval; nan where it can't be told."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Value:
    """One row for each history; nan where ``buying`` or ``spending`` has too little to say.

    ``alive``: probability not to have dropped out. ``orders``: expected occasions within the
    horizon; ``orders_error``: its standard error from what is not known of the parameters.
    ``orders_low``, ``orders_high``: between these the number itself will lie nine times in ten.
    ``any_order``: probability of at least one. ``spending_each``: expected gross value of an
    occasion. ``value``: discounted, after the share that is refunded, times the margin.
    """

    buying: Buying
    spending: Spending
    alive: Floats
    orders: Floats
    orders_error: Floats
    orders_low: Floats
    orders_high: Floats
    any_order: Floats
    spending_each: Floats
    value: Floats
    total_orders: Total


def value_of(histories: Histories, horizon: Horizon) -> Value:
    """Fits both models and looks ahead. Doesn't raise: see ``not_enough`` of each."""
    counts = counts_of(histories.repeats, histories.recency_weeks, histories.observed_weeks)
    buying = fit_buying(counts)
    repeats = histories.repeats.astype(float)
    spending = fit_spending(repeats, histories.repeat_value)
    each = _spending_each(spending, repeats, histories.repeat_value)
    if buying.not_enough:
        nothing = np.full(len(histories), np.nan)
        none = Total(np.nan, np.nan, np.nan)
        return Value(
            buying, spending, nothing, nothing, nothing, nothing, nothing, nothing, each, nothing,
            none,
        )  # fmt: skip
    numbers = Numbers(buying.r, buying.alpha, buying.a, buying.b)
    mean = forecasts.expected(numbers, counts, horizon.weeks)
    slopes = forecasts.slopes(buying, counts, horizon.weeks)
    covariance = buying.maximum.covariance if buying.maximum else np.zeros((4, 4))
    error = np.sqrt(np.maximum(np.einsum("ij,ik,kj->j", slopes, covariance, slopes), 0.0))
    anyone, low, high = forecasts.interval(numbers, counts, horizon.weeks)
    discounted = _discounted(numbers, counts, horizon)
    place, times = counts.place, counts.times
    whole = float(times @ mean)
    together = slopes @ times
    spread = forecasts.variance(numbers, counts, horizon.weeks)
    half = QUANTILE * sqrt(float(together @ covariance @ together + times @ spread))
    kept = _kept_share(histories)
    return Value(
        buying, spending, forecasts.alive(numbers, counts)[place], mean[place], error[place],
        low[place], high[place], anyone[place], each,
        discounted[place] * each * kept * horizon.margin,
        Total(whole, max(whole - half, 0.0), whole + half),
    )  # fmt: skip


def _spending_each(spending: Spending, repeats: Floats, value: Floats) -> Floats:
    if spending.not_enough == "all_values_equal":
        return np.full(len(repeats), float(np.nanmax(value)))
    if spending.not_enough:
        return np.full(len(repeats), np.nan)
    return spending.expected(repeats, value)


def _discounted(numbers: Numbers, counts: Counts, horizon: Horizon) -> Floats:
    """Expected occasions in pieces of a quarter of a year, each discounted from its middle."""
    pieces = max(1, round(horizon.weeks / PIECE_WEEKS))
    ends = [horizon.weeks * (piece + 1) / pieces for piece in range(pieces)]
    rate = log(1 + horizon.discount) / WEEKS_A_YEAR
    total, before, begin = np.zeros(len(counts.repeats)), np.zeros(len(counts.repeats)), 0.0
    for end in ends:
        until = forecasts.expected(numbers, counts, end)
        total += (until - before) * exp(-rate * (begin + end) / 2)
        before, begin = until, end
    return total


def _kept_share(histories: Histories) -> float:
    """Of the gross value, what refunds left; refunds can't be told apart by occasion."""
    gross = int(histories.gross.sum())
    return max(int(histories.net.sum()) / gross, 0.0) if gross else 1.0
