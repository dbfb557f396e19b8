"""Groups of branches that cannot be told apart.

From the best estimate down, a branch joins the group of the branch that leads it, unless the
leader is better with a probability of ``CERTAIN`` at least; then it leads the next group. As each
such verdict is wrong with a posterior probability of 5 % at most, so is the expected share of wrong
ones among them (Müller, Parmigiani and Rice 2007). Shrinkage is what keeps many comparisons honest
(Gelman, Hill and Yajima 2012).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import ndtr

from incognita_comparison.model.equations import Solution
from incognita_comparison.model.posterior import Posterior
from incognita_comparison.model.visits import Floats

CERTAIN = 0.95


def probability_better(found: Posterior, solution: Solution, noise: float, one: int) -> Floats:
    """That branch ``one`` is better than each of all branches; 0.5 for itself."""
    variance = found.own + found.own[one]
    if solution.root is None:
        variance = found.variance + found.variance[one]
    else:
        # the variance of a difference of two rows, without forming all differences
        leader = linalg.cho_solve((solution.root, True), found.shared[[one]].toarray()[0])
        both = found.shared @ leader
        shared = (found.variance - found.own) / noise
        variance = variance + np.maximum(shared + shared[one] - 2 * both, 0.0) * noise
    apart = (found.mean[one] - found.mean) / np.sqrt(np.maximum(variance, 1e-300))
    better = ndtr(apart)
    better[one] = 0.5
    return np.asarray(better)


def tie_groups(
    found: Posterior, solution: Solution, noise: float, *, nothing: bool = False
) -> NDArray[np.int64]:
    """For each branch the number of its group, 1 for the best; all 1 where ``nothing`` differs."""
    groups = np.ones(len(found.mean), np.int64)
    if nothing:
        return groups
    left = np.argsort(-found.mean, kind="stable")
    group = 1
    while len(left):
        groups[left] = group
        better = probability_better(found, solution, noise, int(left[0]))
        apart = np.flatnonzero(better[left] >= CERTAIN)
        if not len(apart):
            break
        left, group = left[apart[0] :], group + 1
    return groups
