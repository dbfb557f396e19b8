"""Many small covariance matrices at once: one for each branch, or for each shopper."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from incognita_comparison.model.visits import Codes, Floats

Kernel = Callable[[NDArray[np.int64]], Floats]
"""Positions, shape (units, n), to their covariances, shape (units, n, n)."""
ENTRIES_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Blocks:
    """Runs of equal units in a sorted column: for each length of a run, the positions in it."""

    size: int
    by_length: tuple[NDArray[np.int64], ...]
    starts: NDArray[np.int64]
    """Where the block of each position begins in the flat data of the sparse matrix."""
    columns: NDArray[np.int64]

    @classmethod
    def of(cls, units: Codes) -> "Blocks":
        """Of a sorted column."""
        first = (
            np.flatnonzero(np.r_[True, units[1:] != units[:-1]])
            if len(units)
            else np.array([], np.int64)
        )
        lengths = np.diff(np.r_[first, len(units)])
        by_length = tuple(
            first[lengths == length][:, None] + np.arange(length) for length in np.unique(lengths)
        )
        own = np.repeat(lengths, lengths)
        starts = np.r_[0, np.cumsum(own)].astype(np.int64)
        columns = np.repeat(np.repeat(first, lengths), own) + (
            np.arange(starts[-1]) - np.repeat(starts[:-1], own)
        )
        return cls(len(units), by_length, starts, columns)

    def inverse(self, kernel: Kernel) -> tuple[sparse.csr_array, float]:
        """The inverse of the block-diagonal matrix, and the logarithm of its determinant."""
        data = np.empty(self.starts[-1])
        determinant = 0.0
        for positions in self.by_length:
            length = positions.shape[1]
            step = max(1, ENTRIES_AT_ONCE // length**2)
            for begin in range(0, len(positions), step):
                some = positions[begin : begin + step]
                inverted, log_determinant = _invert(kernel(some))
                data[self.starts[some][:, :, None] + np.arange(length)] = inverted
                determinant += log_determinant
        matrix = sparse.csr_array((data, self.columns, self.starts), shape=(self.size, self.size))
        return matrix, determinant


def _invert(matrices: Floats) -> tuple[Floats, float]:
    if matrices.shape[1] == 1:
        return 1 / matrices, float(np.log(matrices).sum())
    roots = np.linalg.cholesky(matrices)
    diagonal = np.diagonal(roots, axis1=1, axis2=2)
    return np.asarray(np.linalg.inv(matrices), np.float64), 2 * float(np.log(diagonal).sum())
