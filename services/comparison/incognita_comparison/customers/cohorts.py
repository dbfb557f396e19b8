"""Cohorts by the month of the first order: who came back in which month, and what it brought."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incognita_comparison.customers.histories import Histories, Occasions
from incognita_comparison.customers.orders import Orders, Whole
from incognita_comparison.proportions import Share, wilson

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """One row for each cohort and each month from its own to the last of the observation.

    ``cohort``: months since 1970. ``month``: 0 is the cohort's own. ``active``: customers with an
    occasion in the month. ``revenue``: after refunds, in ten-thousandths. ``complete``: False where
    the observation ends within the month, whose figures are then too low.
    """

    cohort: Whole
    month: Whole
    customers: Whole
    active: Whole
    revenue: Whole
    complete: NDArray[np.bool_]


def cohorts_of(orders: Orders, occasions: Occasions, histories: Histories) -> Cohorts:
    """Refunds of customers who bought nothing in the observation belong to no cohort."""
    if not len(histories):
        none = np.zeros(0, np.int64)
        return Cohorts(none, none, none, none, none, np.zeros(0, np.bool_))
    own = np.full(len(orders.customers), -1, np.int64)
    own[histories.code] = month_of(histories.first)
    begin, end = int(month_of(histories.first).min()), int(month_of(np.array([histories.until]))[0])
    width = end - begin + 1
    active = np.zeros((width, width), np.int64)
    revenue = np.zeros((width, width), np.int64)
    months = month_of(occasions.day)
    # a customer counts once a month
    pairs = np.unique(occasions.customer * width + months - begin)
    who, when = pairs // width, pairs % width
    np.add.at(active, (own[who] - begin, when), 1)
    known = (own[orders.customer] >= 0) & (month_of(orders.day) >= begin)
    np.add.at(
        revenue,
        (own[orders.customer[known]] - begin, month_of(orders.day[known]) - begin),
        orders.amount[known],
    )
    cohort, when = np.nonzero(np.triu(np.ones((width, width), np.bool_)))
    customers = active.diagonal()[cohort]
    some = customers > 0
    cohort, when, customers = cohort[some], when[some], customers[some]
    return Cohorts(
        cohort + begin, when - cohort, customers, active[cohort, when], revenue[cohort, when],
        (when + begin < end) | _is_last_of_month(histories.until),
    )  # fmt: skip


def repeat_rate(histories: Histories, within_days: int | None = None) -> Share | None:
    """Customers who bought on a second day, in per cent of all, with Wilson's 90 % interval.

    ``within_days``: those who came back within so many days, of those who were observed that long.
    None as the answer: nobody to count.
    """
    there = np.ones(len(histories), np.bool_)
    back = histories.occasions > 1
    if within_days is not None:
        there = histories.until - histories.first >= within_days
        back = back & (histories.second - histories.first <= within_days)
    return wilson(int((back & there).sum()), int(there.sum()))


def month_of(day: Whole | NDArray[np.int32]) -> Whole:
    """Months since 1970 of days since 1970."""
    days: Days = day.astype("datetime64[D]")
    return days.astype("datetime64[M]").astype(np.int64)


def _is_last_of_month(day: int) -> bool:
    months = month_of(np.array([day, day + 1]))
    return bool(months[0] != months[1])
