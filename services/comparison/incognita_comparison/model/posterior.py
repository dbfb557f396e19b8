"""What the data says of any branch, with any shopper, at any time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from incognita_comparison.model.components import Components
from incognita_comparison.model.design import (
    Design,
    branch_covariance,
    correlation,
    nugget,
    shopper_covariance,
)
from incognita_comparison.model.equations import Solution
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Targets:
    """What is asked: a branch (``UNKNOWN``: a new one), a shopper (``UNKNOWN``: any), a time.

    ``with_shopper`` False asks for the branch itself, as the average shopper finds it.
    ``groups``: the covariates to count, by name; a missing one stands at its average.
    """

    branch: Codes
    shopper: Codes
    time: Floats
    groups: dict[str, Codes]
    with_shopper: bool = True
    earlier: Floats | None = None
    """With it, the branch's own change since that time is asked for, and nothing else."""

    def __len__(self) -> int:
        return len(self.branch)


@dataclass(frozen=True, slots=True)
class Posterior:
    """Normal, on the model's scale; variances in its squared units, noise of a visit left out.

    ``own``: variance that no other target shares. ``shared``: rows (targets, columns) that turn
    errors of the other effects into errors of the targets; ``variance``: both together.
    """

    mean: Floats
    own: Floats
    shared: sparse.csr_array
    variance: Floats


def posterior(
    design: Design, components: Components, solution: Solution, targets: Targets
) -> Posterior:
    """Exact given the components; where solved by iteration, the shared part is a lower bound."""
    mean, own, weights = _branch_part(design, components, solution, targets)
    if targets.earlier is None:
        rows, extra = other_part(design, components, targets)
    else:
        rows, extra = sparse.csr_array((len(targets), design.width)), np.zeros(len(targets))
    shared = sparse.csr_array(rows - weights @ design.matrix)
    mean = mean + rows @ solution.effects
    own = np.maximum(own + extra, 0.0) * components.noise
    variance = own + shared_variance(solution, shared) * components.noise
    return Posterior(mean, own, shared, variance)


def _branch_part(
    design: Design, components: Components, solution: Solution, targets: Targets
) -> tuple[Floats, Floats, sparse.csr_array]:
    """From each branch's own visits: mean, variance, and the weights of the visits."""
    visits, count = design.visits, len(targets)
    first = np.searchsorted(visits.branch, targets.branch)
    length = np.searchsorted(visits.branch, targets.branch, side="right") - first
    length[targets.branch == UNKNOWN] = 0
    mean = np.zeros(count)
    pair = components.pair if targets.with_shopper else 0.0
    own = np.full(count, components.branch + components.drift + pair)
    if targets.earlier is not None:
        gone = 1 - correlation(targets.time - targets.earlier, components.drift_days)
        own = 2 * components.drift * gone
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    data: list[Floats] = []
    for size in np.unique(length[length > 0]):
        chosen = np.flatnonzero(length == size)
        for begin in range(0, len(chosen), max(1, 4_000_000 // int(size) ** 2)):
            some = chosen[begin : begin + max(1, 4_000_000 // int(size) ** 2)]
            positions = first[some][:, None] + np.arange(size)
            asked = targets.shopper[some] if targets.with_shopper else np.full(len(some), UNKNOWN)
            covariance = branch_covariance(
                components, targets.time[some][:, None], visits.time[positions],
                asked[:, None], visits.shopper[positions],
            )[:, 0]  # fmt: skip
            if targets.earlier is not None:
                covariance = covariance - branch_covariance(
                    components, targets.earlier[some][:, None], visits.time[positions],
                    asked[:, None], visits.shopper[positions],
                )[:, 0]  # fmt: skip
            starts = design.branches.starts[positions]
            blocks = solution.inverse.data[starts[:, :, None] + np.arange(size)]
            weights = np.einsum("bi,bij->bj", covariance, blocks)
            mean[some] = np.einsum("bi,bi->b", covariance, solution.residuals[positions])
            own[some] -= np.einsum("bi,bi->b", covariance, weights)
            rows.append(np.repeat(some, size))
            columns.append(positions.ravel())
            data.append(weights.ravel())
    return mean, own, _sparse(rows, columns, data, (count, len(visits)))


def other_part(
    design: Design, components: Components, targets: Targets
) -> tuple[sparse.csr_array, Floats]:
    """Rows over the columns of the design, and the variance that the columns don't explain."""
    count = len(targets)
    every = np.arange(count)
    period = np.floor((targets.time - design.origin) / design.period_days)
    middle = design.origin + (period + 0.5) * design.period_days
    rows, columns, data = [every], [np.zeros(count, np.int64)], [np.ones(count)]
    extra = np.zeros(count)
    season, left = _seasons(design, components, middle)
    extra += left
    rows.append(np.repeat(every, len(design.seasons)))
    columns.append(np.tile(1 + np.arange(len(design.seasons)), count))
    data.append(season.ravel())
    for name, codes in targets.groups.items():
        place = design.groups.get(name)
        if place is None:
            continue
        known = (codes >= 0) & (codes < place.count)
        extra[~known] += components.groups[name]
        rows.append(every[known])
        columns.append(place.begin + codes[known])
        data.append(np.ones(int(known.sum())))
    if targets.with_shopper:
        extra += _shoppers(design, components, targets.shopper, middle, (rows, columns, data))
    return _sparse(rows, columns, data, (count, design.width)), extra


def _seasons(design: Design, components: Components, time: Floats) -> tuple[Floats, Floats]:
    prior = components.season * correlation(
        design.seasons[:, None] - design.seasons, components.season_days
    ) + nugget(components.season) * np.eye(len(design.seasons))
    times, place = np.unique(time, return_inverse=True)
    cross = components.season * correlation(times[:, None] - design.seasons, components.season_days)
    weights = linalg.solve(prior, cross.T, assume_a="pos").T
    left = np.maximum(components.season - np.einsum("ij,ij->i", weights, cross), 0.0)
    return weights[place], left[place]


def _shoppers(
    design: Design,
    components: Components,
    shopper: Codes,
    time: Floats,
    entries: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]], list[Floats]],
) -> Floats:
    rows, columns, data = entries
    left = np.full(len(shopper), components.shopper + components.shopper_drift)
    first = np.searchsorted(design.shoppers, shopper)
    length = np.searchsorted(design.shoppers, shopper, side="right") - first
    length[shopper == UNKNOWN] = 0
    for size in np.unique(length[length > 0]):
        some = np.flatnonzero(length == size)
        places = first[some][:, None] + np.arange(size)
        times = design.shopper_times[places]
        prior = shopper_covariance(components, times[:, :, None] - times[:, None, :])
        prior = prior + nugget(components.shopper + components.shopper_drift) * np.eye(int(size))
        cross = shopper_covariance(components, time[some][:, None] - times)
        weights = np.linalg.solve(prior, cross[:, :, None])[:, :, 0]
        left[some] -= np.einsum("bi,bi->b", weights, cross)
        rows.append(np.repeat(some, size))
        columns.append((design.shopper_begin + places).ravel())
        data.append(np.asarray(weights, np.float64).ravel())
    return np.asarray(np.maximum(left, 0.0), np.float64)


def shared_variance(solution: Solution, shared: sparse.csr_array) -> Floats:
    if solution.root is None:
        return np.asarray(shared.power(2) @ (1 / solution.diagonal))
    found = np.empty(shared.shape[0])
    for begin in range(0, len(found), ROWS_AT_ONCE):
        some = shared[begin : begin + ROWS_AT_ONCE].toarray().T
        half = linalg.solve_triangular(solution.root, some, lower=True, check_finite=False)
        found[begin : begin + ROWS_AT_ONCE] = np.einsum("ij,ij->j", half, half)
    return found


def _sparse(
    rows: list[NDArray[np.int64]],
    columns: list[NDArray[np.int64]],
    data: list[Floats],
    shape: tuple[int, int],
) -> sparse.csr_array:
    if not rows:
        return sparse.csr_array(shape)
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.concatenate(data), (row, column)), shape=shape)
