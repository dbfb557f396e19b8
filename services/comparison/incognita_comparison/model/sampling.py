"""A sample that is small enough for restricted maximum likelihood, and still tells all components.

It is drawn by who visited which branch, never by scores, so the likelihood of the sample stays
valid. Shoppers are thinned before branches: what remains of a branch was still seen by several.
"""

import numpy as np

from incognita_comparison.model.visits import UNKNOWN, Visits

MOST_VISITS = 10_000
MOST_SHOPPERS = 300
LONGEST = 48
"""Visits of one branch that are looked at together; the latest count."""


def sample(visits: Visits, seed: int = 1) -> Visits:
    """Some of the visits, or all where there are few."""
    chance = np.random.default_rng(seed)
    visits = latest(visits, LONGEST)
    shoppers = np.unique(visits.shopper[visits.shopper != UNKNOWN])
    if len(shoppers) > MOST_SHOPPERS and len(visits) > MOST_VISITS:
        share = max(MOST_SHOPPERS / len(shoppers), MOST_VISITS / len(visits) / 4)
        kept = chance.permutation(shoppers)[: max(MOST_SHOPPERS, int(share * len(shoppers)))]
        visits = visits.take(np.isin(visits.shopper, kept[: MOST_SHOPPERS * 2]))
    if len(visits) <= MOST_VISITS:
        return visits
    branches, count = np.unique(visits.branch, return_counts=True)
    order = chance.permutation(len(branches))
    repeated = np.r_[order[count[order] > 1], order[count[order] == 1]]
    single = len(visits) - count[count > 1].sum()
    room = MOST_VISITS - min(single, MOST_VISITS // 10)
    enough = np.searchsorted(np.cumsum(count[repeated]), room, side="right")
    kept_branches = branches[repeated[: max(int(enough), 1)]]
    return visits.take(np.isin(visits.branch, kept_branches))


def latest(visits: Visits, most: int) -> Visits:
    """At most so many visits of each branch, the latest."""
    order = np.lexsort((visits.score, visits.shopper, visits.time, visits.branch))
    branch = visits.branch[order]
    ends = np.searchsorted(branch, branch, side="right")
    return visits.take(np.sort(order[ends - np.arange(len(order)) <= most]))
