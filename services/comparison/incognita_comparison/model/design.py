"""Which effects touch which visit, and how the effects vary together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from incognita_comparison.model.blocks import Blocks
from incognita_comparison.model.components import Components
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats, Visits

FLAT = 1e-6
"""Prior precision of the mean: as good as none."""
NUGGET = 1e-5


def nugget(variance: float) -> float:
    """Added to a variance on the diagonal, so that its matrix can be inverted with digits left."""
    return NUGGET * (1.0 + variance)


def correlation(gaps_days: Floats, drift_days: float) -> Floats:
    """Of an Ornstein-Uhlenbeck process over a gap."""
    return np.asarray(np.exp(-np.abs(gaps_days) / drift_days))


@dataclass(frozen=True, slots=True)
class Groups:
    """Where a covariate's columns begin and how many there are."""

    begin: int
    count: int


@dataclass(frozen=True, slots=True)
class Design:
    """Visits in order of branch and time, and the columns of the effects other than branches.

    Columns: the mean; season, one a period; each covariate's groups; shoppers, one a shopper and
    period in which they visited. ``period_days``: the length of a period.
    """

    visits: Visits
    period_days: float
    origin: float
    seasons: Floats
    groups: dict[str, Groups]
    shoppers: Codes
    """By column of shoppers."""
    shopper_times: Floats
    shopper_begin: int
    matrix: sparse.csr_array
    branches: Blocks
    shopper_blocks: Blocks

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.matrix.shape[1])

    def branch_kernel(self, components: Components, positions: NDArray[np.int64]) -> Floats:
        """Covariances of visits of the same branch, noise included."""
        time, shopper = self.visits.time[positions], self.visits.shopper[positions]
        found = branch_covariance(components, time, time, shopper, shopper)
        blank = components.shopper + components.shopper_drift
        every = np.arange(positions.shape[1])
        found[:, every, every] += 1.0 + blank * (shopper == UNKNOWN)
        return found

    def prior(self, components: Components) -> tuple[sparse.csr_array, float]:
        """Precision of the effects in units of the noise, and its log determinant."""
        diagonal = [np.array([FLAT])]
        season = components.season * correlation(
            self.seasons[:, None] - self.seasons, components.season_days
        )
        season[np.diag_indices_from(season)] += nugget(components.season)
        season_precision = np.linalg.inv(season)
        determinant = -float(np.linalg.slogdet(season)[1])
        for name, place in self.groups.items():
            variance = components.groups[name] + NUGGET
            diagonal.append(np.full(place.count, 1 / variance))
            determinant -= place.count * float(np.log(variance))

        def kernel(positions: NDArray[np.int64]) -> Floats:
            time = self.shopper_times[positions]
            found = shopper_covariance(components, time[:, :, None] - time[:, None, :])
            every = np.arange(positions.shape[1])
            found[:, every, every] += nugget(components.shopper + components.shopper_drift)
            return found

        shoppers, log_determinant = self.shopper_blocks.inverse(kernel)
        first = sparse.diags_array(diagonal[0])
        covariates = sparse.diags_array(np.concatenate([np.array([]), *diagonal[1:]]))
        parts = [first, sparse.csr_array(season_precision), covariates, shoppers]
        kept = [part for part in parts if part.shape[0]]
        return sparse.csr_array(sparse.block_diag(kept)), determinant - log_determinant


def branch_covariance(
    components: Components, time: Floats, other: Floats, shopper: Codes, other_shopper: Codes
) -> Floats:
    """Between visits (…, n) and others (…, m) of one branch, noise left out, shape (…, n, m)."""
    gaps = time[..., :, None] - other[..., None, :]
    same = (shopper[..., :, None] == other_shopper[..., None, :]) & (shopper != UNKNOWN)[..., None]
    lasting = components.branch + components.drift * correlation(gaps, components.drift_days)
    return np.asarray(lasting + components.pair * same)


def shopper_covariance(components: Components, gaps_days: Floats) -> Floats:
    """Of one shopper's leniency at two times."""
    drift = components.shopper_drift * correlation(gaps_days, components.shopper_drift_days)
    return np.asarray(components.shopper + drift)


def design_of(visits: Visits, period_days: float) -> Design:
    """Sorts the visits; ``visits.branch`` must be known everywhere."""
    visits = visits.take(np.lexsort((visits.score, visits.shopper, visits.time, visits.branch)))
    origin = float(visits.time.min())
    number = ((visits.time - origin) // period_days).astype(np.int64)
    numbers, period = np.unique(number, return_inverse=True)  # a typo may be centuries away
    periods = len(numbers)
    season_times: Floats = np.asarray(origin + (numbers + 0.5) * period_days, np.float64)
    begin = 1 + periods
    rows, columns = [np.arange(len(visits))] * 2, [np.zeros(len(visits), np.int64), 1 + period]
    groups: dict[str, Groups] = {}
    for name, codes in visits.groups.items():
        groups[name] = Groups(begin, int(codes.max(initial=-1)) + 1)
        seen = np.flatnonzero(codes != UNKNOWN)
        rows.append(seen)
        columns.append(begin + codes[seen])
        begin += groups[name].count
    seen = np.flatnonzero(visits.shopper != UNKNOWN)
    cells, cell = np.unique(visits.shopper[seen] * periods + period[seen], return_inverse=True)
    rows.append(seen)
    columns.append(begin + cell)
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (len(visits), begin + len(cells))
    matrix = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    shoppers = cells // periods
    return Design(
        visits, period_days, origin, season_times, groups, shoppers,
        season_times[cells % periods], begin, matrix, Blocks.of(visits.branch), Blocks.of(shoppers),
    )  # fmt: skip
