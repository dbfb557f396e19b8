"""What the customers of each branch do, where the orders name it."""

from dataclasses import dataclass

import numpy as np

from incognita_comparison.customers.amounts import UNITS
from incognita_comparison.customers.histories import Histories
from incognita_comparison.customers.orders import NOWHERE, Floats, Orders, Whole
from incognita_comparison.customers.value import Value
from incognita_comparison.proportions import wilson


@dataclass(frozen=True, slots=True)
class BranchCustomers:
    """One row for each branch. ``customers`` bought here at least once; ``home`` customers most
    often here (level: where last; still level: the first by name). ``revenue`` in units of the
    currency, after refunds. ``repeat_rate``, per cent, with Wilson's 90 % interval, and the
    forecasts are of the home customers; nan where there is nothing to tell from.
    """

    branch: list[str]
    orders: Whole
    revenue: Floats
    customers: Whole
    home: Whole
    repeat_rate: Floats
    repeat_low: Floats
    repeat_high: Floats
    alive: Floats
    expected_orders: Floats
    value: Floats


def branches_of(orders: Orders, histories: Histories, value: Value) -> BranchCustomers:
    """``orders`` counts purchases, not refunds; a branch of refunds alone has nought."""
    count = len(orders.branches)
    named = orders.branch != NOWHERE
    bought = named & (orders.amount >= 0)
    revenue = np.zeros(count, np.int64)
    np.add.at(revenue, orders.branch[named], orders.amount[named])
    pairs = np.unique(orders.branch[bought].astype(np.int64) * len(orders.customers)
                      + orders.customer[bought])  # fmt: skip
    seen = np.bincount(pairs // max(len(orders.customers), 1), minlength=count)
    home = _home(orders, bought)[histories.code]
    there = home != NOWHERE
    size = np.bincount(home[there], minlength=count)
    back = np.bincount(home[there & (histories.occasions > 1)], minlength=count)
    shares = [wilson(int(some), int(of)) for some, of in zip(back, size, strict=True)]

    def total(column: Floats) -> Floats:
        sums = np.bincount(home[there], weights=column[there], minlength=count)
        return np.where(size > 0, sums, np.nan)

    return BranchCustomers(
        orders.branches, np.bincount(orders.branch[bought], minlength=count), revenue / UNITS, seen,
        size,
        np.array([share.value if share else np.nan for share in shares]),
        np.array([share.low if share else np.nan for share in shares]),
        np.array([share.high if share else np.nan for share in shares]),
        total(value.alive), total(value.orders), total(value.value),
    )  # fmt: skip


def _home(orders: Orders, bought: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Whole:
    """The home branch of each customer; ``NOWHERE`` for who bought at no named branch."""
    home = np.full(len(orders.customers), NOWHERE, np.int64)
    width = max(len(orders.branches), 1)
    key = orders.customer[bought].astype(np.int64) * width + orders.branch[bought]
    pairs, place, times = np.unique(key, return_inverse=True, return_counts=True)
    last = np.full(len(pairs), np.iinfo(np.int64).min)
    np.maximum.at(last, place, orders.day[bought].astype(np.int64))
    customer, branch = pairs // width, pairs % width
    order = np.lexsort((-branch, last, times, customer))  # the best of each customer comes last
    home[customer[order]] = branch[order]
    return home
