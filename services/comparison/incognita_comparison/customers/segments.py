"""RFM: how recently, how often, for how much, each from 1 to 5, and a name for it.

A. M. Hughes, "Strategic Database Marketing", 1994: the customers in five equal parts by each of the
three. Books differ in what becomes of ties; here **equal values get equal scores** (J. R.
Miglautsch, "Thoughts on RFM scoring", Journal of Database Marketing 8(1), 2000, shows what cutting
through ties does). Frequency and money: 1, and one more for each full fifth of all customers who
have strictly less. Recency: 5, and one less for each full fifth who were strictly more recent. So
where half of the customers bought once, they all have 1 for it, and nobody has 2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incognita_comparison.customers.histories import Histories
from incognita_comparison.customers.orders import Whole

PARTS = 5

CHAMPIONS = "champions"
LOYAL = "loyal"
POTENTIAL = "potential loyalists"
NEW = "new"
PROMISING = "promising"
ATTENTION = "need attention"
SLEEPY = "about to sleep"
AT_RISK = "at risk"
CANNOT_LOSE = "cannot lose"
HIBERNATING = "hibernating"

GRID = (
    (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANNOT_LOSE),
    (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANNOT_LOSE),
    (SLEEPY, SLEEPY, ATTENTION, LOYAL, LOYAL),
    (PROMISING, POTENTIAL, POTENTIAL, LOYAL, LOYAL),
    (NEW, POTENTIAL, POTENTIAL, CHAMPIONS, CHAMPIONS),
)
"""Names by recency (rows, 1 to 5) and frequency (columns, 1 to 5).

The ten segments of the trade's usual grid, which leaves no pair of scores without a name or with
two; the names go back to Putler's "RFM Analysis for Successful Customer Segmentation". The money
score takes no part in the name."""
NAMES = tuple(dict.fromkeys(name for row in reversed(GRID) for name in reversed(row)))


@dataclass(frozen=True, slots=True)
class Segments:
    """One row for each history. Scores from 1 (worst) to 5; ``recency_days`` since the last."""

    recency_days: Whole
    recency: Whole
    frequency: Whole
    money: Whole
    name: NDArray[np.str_]


def fifths(values: Whole) -> Whole:
    """1, and one more for each full fifth of the values that is strictly less."""
    if not len(values):
        return np.zeros(0, np.int64)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    # in whole numbers: a fraction's rounding must not move a customer to another part
    return (1 + PARTS * below // len(values))[place].astype(np.int64)


def segments_of(histories: Histories) -> Segments:
    """Recency by the last occasion, frequency by occasions, money by revenue after refunds."""
    days = histories.until - histories.last
    recency, frequency = PARTS + 1 - fifths(days), fifths(histories.occasions)
    names = np.array(GRID)[recency - 1, frequency - 1]
    return Segments(days, recency, frequency, fifths(histories.net), names)
