"""Whether the visits can tell branches apart at all, from who visited which branch alone."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from incognita_comparison.model.visits import UNKNOWN, Visits

FEWEST_DEGREES = 5
"""Of freedom for the noise of a single visit. Fewer leave its size open by more than a factor 2."""


def not_enough(visits: Visits) -> str | None:
    """Why branches can't be compared, or None where they can."""
    branches = np.unique(visits.branch)
    if len(branches) < 2:  # noqa: PLR2004 - a comparison takes two
        return "one_branch"
    if np.ptp(visits.score) == 0:
        return "all_scores_equal"
    _, repeats = np.unique(visits.branch, return_counts=True)
    if repeats.max() == 1:
        return "no_branch_visited_twice"
    if degrees_of_noise(visits) < FEWEST_DEGREES:
        return "too_few_repeated_visits"
    if _nested(visits):
        return "shoppers_and_branches_not_separable"
    return None


def degrees_of_noise(visits: Visits) -> int:
    """Visits beyond those that fix every branch and shopper: visits - branches - shoppers + parts.

    A blank shopper counts as one who visited once.
    """
    known = visits.shopper != UNKNOWN
    branch, branches = _dense(visits.branch[known])
    shopper, shoppers = _dense(visits.shopper[known])
    graph = sparse.coo_array(
        (np.ones(len(branch)), (branch, branches + shopper)), shape=(branches + shoppers,) * 2
    )
    parts = connected_components(graph, directed=False)[0] if len(branch) else 0
    seen = int(known.sum()) - branches - shoppers + parts
    blank = visits.branch[~known]
    only_blank = np.setdiff1d(blank, visits.branch[known])
    return seen + len(blank) - len(only_blank)


def _nested(visits: Visits) -> bool:
    """Every shopper saw one branch and every branch one shopper: two names for the same thing."""
    if (visits.shopper == UNKNOWN).any():
        return False
    pairs = np.unique(np.c_[visits.branch, visits.shopper], axis=0)
    return len(pairs) == len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1]))


def _dense(
    codes: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], int]:
    found, places = np.unique(codes, return_inverse=True)
    return places, len(found)
