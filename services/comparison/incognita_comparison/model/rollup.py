"""Branches gathered by owner, city or any other group, with and without the mix they have."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from incognita_comparison.model.draws import draws
from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.forecasts import LEVEL
from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.standing import expected_points
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats

DRAWS = 400
QUANTILE = float(ndtri((1 + LEVEL) / 2))


@dataclass(frozen=True, slots=True)
class Rollup:
    """One entry a group, by code; NaN for a group without branches. Points, intervals of 90 %.

    ``estimate``: mean over its branches, each counting once. ``adjusted``: what it would be if the
    group had the mix of strata (such as cities) that all branches together have: the overall mean
    plus the group's mean difference from its strata (direct comparison within strata).
    ``reversals``: pairs (a, b) of groups where a is the better one in every stratum they share, at
    least two, and b overall: Simpson's paradox, by the estimates.
    """

    branches: Codes
    estimate: Floats
    lower: Floats
    upper: Floats
    adjusted: Floats
    adjusted_lower: Floats
    adjusted_upper: Floats
    reversals: tuple[tuple[int, int], ...]


def roll_up(
    fit: Fit, branch_groups: dict[str, Codes], group: Codes, stratum: Codes | None = None
) -> Rollup:
    """``group`` and ``stratum``: of each branch, by its code; ``UNKNOWN`` is left out."""
    count, groups = len(group), int(group.max(initial=-1)) + 1
    nobody = np.full(count, UNKNOWN)
    now = np.full(count, fit.now)
    found = fit.at(Targets(np.arange(count), nobody, now, branch_groups, with_shopper=False))
    points = expected_points(fit, found.mean)
    slope = (expected_points(fit, found.mean + 1e-3) - points) / 1e-3
    strata = np.zeros(count, np.int64) if stratum is None else stratum
    plain, adjusted = [], []
    for drawn in draws(found, fit.solution, fit.components.noise, DRAWS):
        for one in points + slope * (drawn - found.mean) * fit.widening:
            plain.append(_means(one, group, groups))
            adjusted.append(_adjusted(one, group, groups, strata))
    estimate, fair = _means(points, group, groups), _adjusted(points, group, groups, strata)
    error, other = (QUANTILE * np.std(np.array(each), axis=0) for each in (plain, adjusted))
    size = np.bincount(group[group != UNKNOWN], minlength=groups)
    return Rollup(
        size, estimate, estimate - error, estimate + error, fair, fair - other, fair + other,
        _reversals(points, group, strata, estimate),
    )  # fmt: skip


def _means(points: Floats, group: Codes, groups: int) -> Floats:
    known = group != UNKNOWN
    size = np.bincount(group[known], minlength=groups)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(group[known], points[known], groups) / size)


def _adjusted(points: Floats, group: Codes, groups: int, strata: Codes) -> Floats:
    known = (group != UNKNOWN) & (strata != UNKNOWN)
    by_stratum = _means(points[known], strata[known], int(strata.max(initial=0)) + 1)
    apart = np.full(len(points), np.nan)
    apart[known] = points[known] - by_stratum[strata[known]]
    return float(points[known].mean()) + _means(
        apart[known], group[known], groups
    )  # each branch against its own stratum


def _reversals(
    points: Floats, group: Codes, strata: Codes, overall: Floats
) -> tuple[tuple[int, int], ...]:
    width = int(strata.max(initial=0)) + 1
    known = (group != UNKNOWN) & (strata != UNKNOWN)
    cell = _means(points[known], group[known] * width + strata[known], len(overall) * width)
    table = cell.reshape(len(overall), width)
    found = []
    for one, other in combinations(range(len(overall)), 2):
        shared = np.isfinite(table[one]) & np.isfinite(table[other])
        if shared.sum() < 2:  # noqa: PLR2004 - one stratum in common is no paradox
            continue
        apart = table[one][shared] - table[other][shared]
        if (apart > 0).all() and overall[one] < overall[other]:
            found.append((one, other))
        elif (apart < 0).all() and overall[one] > overall[other]:
            found.append((other, one))
    return tuple(found)
