"""What each customer did, from the orders.

An **occasion** is a day on which a customer bought something, however many orders were made of it:
the models of repeat buying count occasions, and so do the published figures on CDNOW (P. S. Fader,
B. G. S. Hardie, K. L. Lee, "Counting Your Customers the Easy Way", Marketing Science 24(2), 2005).
A refund is no occasion; it lowers revenue on its own day.
"""

from dataclasses import dataclass

import numpy as np

from incognita_comparison.customers.amounts import UNITS
from incognita_comparison.customers.orders import Floats, Orders, Short, Whole

DAYS_A_WEEK = 7.0


@dataclass(frozen=True, slots=True)
class Occasions:
    """One row a customer and day, sorted by both. ``value``: gross, in ten-thousandths."""

    customer: Whole
    day: Whole
    value: Whole


@dataclass(frozen=True, slots=True)
class Histories:
    """One row for each customer who bought something. ``code``: its place in ``Orders.customers``.

    ``first``, ``second``, ``last``: occasions, as days since 1970; ``second`` is the first again
    for who never came back. ``occasions``: 1 or more. ``gross``, ``net``: in
    ten-thousandths, before and after refunds. ``repeat_value``: the mean gross value of the
    occasions after the first, in units of the currency; nan without any.
    """

    code: Whole
    first: Whole
    second: Whole
    last: Whole
    occasions: Whole
    gross: Whole
    net: Whole
    repeat_value: Floats
    until: int

    def __len__(self) -> int:
        return len(self.code)

    @property
    def repeats(self) -> Whole:
        """Occasions after the first: x of the models."""
        return self.occasions - 1

    @property
    def recency_weeks(self) -> Floats:
        """Weeks from the first occasion to the last: t_x of the models."""
        return (self.last - self.first) / DAYS_A_WEEK

    @property
    def observed_weeks(self) -> Floats:
        """Weeks from the first occasion to the end of the observation: T of the models."""
        return (self.until - self.first) / DAYS_A_WEEK


def occasions_of(orders: Orders) -> Occasions:
    """The days on which each customer bought something; refunds left out."""
    bought = orders.amount >= 0
    return Occasions(*_sums(orders.customer[bought], orders.day[bought], orders.amount[bought]))


def histories_of(orders: Orders, occasions: Occasions, until: int) -> Histories:
    """Customers with refunds alone have no history."""
    starts = _starts(occasions.customer)
    ends = np.append(starts[1:], len(occasions.customer))[: len(starts)]
    code = occasions.customer[starts]
    counts = ends - starts
    gross = _reduce(occasions.value, starts)
    later = (gross - occasions.value[starts]) / UNITS
    value = np.full(len(code), np.nan)
    np.divide(later, counts - 1, out=value, where=counts > 1)
    net = np.zeros(len(orders.customers), np.int64)
    np.add.at(net, orders.customer, orders.amount)
    return Histories(
        code, occasions.day[starts], occasions.day[np.minimum(starts + 1, ends - 1)],
        occasions.day[ends - 1], counts, gross, net[code], value, until,
    )  # fmt: skip


def _sums(customer: Short, day: Short, amount: Whole) -> tuple[Whole, Whole, Whole]:
    base = int(day.min()) if len(day) else 0
    width = int(day.max()) - base + 1 if len(day) else 1
    key = customer.astype(np.int64) * width + (day - base)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = _starts(key)
    found = key[starts]
    return found // width, found % width + base, _reduce(amount[order], starts)


def _starts(sorted_keys: Whole) -> Whole:
    if not len(sorted_keys):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1]))


def _reduce(values: Whole, starts: Whole) -> Whole:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0, np.int64)
