"""A new visit changes its branch's standing at once; the whole model is fitted again later.

Exact given the components and the other effects (shoppers, season, covariates) of the last fit: the
branch is conditioned on all its visits, old and new. What the new visit says of its shopper and of
other branches waits for the next fit; a test holds the difference against a full one.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from incognita_comparison.model.design import branch_covariance
from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.posterior import (
    Targets,
    other_part,
    shared_variance,
)
from incognita_comparison.model.standing import QUANTILE, expected_points
from incognita_comparison.model.visits import UNKNOWN, Visits


@dataclass(frozen=True, slots=True)
class Updated:
    """Points from 0 to 100; the interval holds the truth with 90 %."""

    estimate: float
    lower: float
    upper: float
    visits: int


def update(fit: Fit, branch: int, new: Visits) -> Updated:
    """The standing of ``branch`` (``UNKNOWN``: one without visits so far) after ``new`` ones.

    ``new`` are visits of this branch alone; a shopper unknown to the fit counts as any shopper.
    Time is cubic in the number of visits of the branch, and of nothing else.
    """
    design, by = fit.design, fit.components
    first, end = np.searchsorted(design.visits.branch, [branch, branch + 1])
    old = design.visits.take(np.arange(first, end) if branch != UNKNOWN else np.arange(0))
    asked = Targets(np.full(len(new), UNKNOWN), new.shopper, new.time, dict(new.groups))
    new_rows, extra = other_part(design, by, asked)
    old_rows = design.matrix[first : first + len(old)]
    rows = sparse.vstack([old_rows, new_rows], format="csr")
    time = np.r_[old.time, new.time]
    shopper = np.r_[old.shopper, new.shopper]
    blank = (by.shopper + by.shopper_drift) * (old.shopper == UNKNOWN)
    covariance = branch_covariance(by, time, time, shopper, shopper)
    covariance[np.diag_indices_from(covariance)] += 1.0 + np.r_[blank, extra]
    points = np.r_[old.score, new.score]
    left = fit.scale.of_points(points) - fit.centre - rows @ fit.solution.effects
    now = np.array([max(fit.now, float(new.time.max()))])
    nobody = np.array([UNKNOWN])
    groups = {name: codes[-1:] for name, codes in new.groups.items()}
    here, beyond = other_part(design, by, Targets(nobody, nobody, now, groups, with_shopper=False))
    cross = branch_covariance(by, now, time, nobody, shopper)[0]
    weights = linalg.solve(covariance, cross, assume_a="pos")
    mean = fit.centre + float(weights @ left) + float((here @ fit.solution.effects)[0])
    own = by.branch + by.drift - float(weights @ cross) + float(beyond[0])
    shared = sparse.csr_array(here - sparse.csr_array(weights[None, :]) @ rows)
    variance = (max(own, 0.0) + float(shared_variance(fit.solution, shared)[0])) * by.noise
    error = fit.widening * QUANTILE * np.sqrt(variance)
    lower, middle, upper = expected_points(fit, mean + np.array([-error, 0.0, error]))
    return Updated(float(middle), float(lower), float(upper), len(points))
