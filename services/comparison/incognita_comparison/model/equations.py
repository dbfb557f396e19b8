"""The mixed-model equations (Henderson 1975), branches eliminated block by block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, cg

from incognita_comparison.model.components import Components
from incognita_comparison.model.design import Design
from incognita_comparison.model.visits import Floats

WIDEST_DENSE = 3_000
"""Columns up to which the equations are factored; beyond, they are solved by iteration."""
TOLERANCE = 1e-7
ROUNDING = 1e-8


@dataclass(frozen=True, slots=True)
class Solution:
    """``effects``: by column of the design. ``residuals``: inverse covariance times what is left.

    ``root``: lower Cholesky factor of the equations, or None where solved by iteration;
    ``diagonal``: of the equations. ``log_likelihood``: restricted, up to a constant.
    """

    effects: Floats
    residuals: Floats
    inverse: sparse.csr_array
    root: Floats | None
    diagonal: Floats
    noise: float
    log_likelihood: float


def solve(design: Design, components: Components, values: Floats) -> Solution:
    """Best linear unbiased prediction given the ratios of the variances; noise is profiled out."""
    inverse, branch_determinant = design.branches.inverse(
        lambda positions: design.branch_kernel(components, positions)
    )
    prior, prior_determinant = design.prior(components)
    matrix = design.matrix
    weighted = inverse @ values
    right = matrix.T @ weighted
    root: Floats | None = None
    if design.width <= WIDEST_DENSE:
        equations = (matrix.T @ (inverse @ matrix) + prior).toarray()
        root = _root(equations)
        effects = linalg.cho_solve((root, True), right, check_finite=False)
        diagonal = np.einsum("ij,ij->i", root, root)
        determinant = 2 * float(np.log(np.diagonal(root)).sum())
    else:
        effects, diagonal = _iterate(design, inverse, prior, right)
        determinant = float("nan")
    squares = float(values @ weighted - right @ effects)
    degrees = max(len(values) - 1, 1)
    noise = max(squares / degrees, 1e-12)
    likelihood = -0.5 * (
        degrees * np.log(noise) + branch_determinant - prior_determinant + determinant
    )
    residuals = inverse @ (values - matrix @ effects)
    return Solution(effects, residuals, inverse, root, diagonal, noise, float(likelihood))


def _root(equations: Floats) -> Floats:
    """Cholesky factor. What rounding takes of the definiteness, a trace gives back."""
    try:
        return np.asarray(linalg.cholesky(equations, lower=True, check_finite=False))
    except linalg.LinAlgError:
        equations[np.diag_indices_from(equations)] *= 1.0 + ROUNDING
        return np.asarray(linalg.cholesky(equations, lower=True, check_finite=False))


def _iterate(
    design: Design, inverse: sparse.csr_array, prior: sparse.csr_array, right: Floats
) -> tuple[Floats, Floats]:
    """Conjugate gradients with the diagonal as preconditioner."""
    matrix = design.matrix
    transposed = matrix.T.tocsr()
    diagonal = np.asarray(transposed.power(2) @ inverse.diagonal()) + prior.diagonal()

    def product(effects: NDArray[np.float64]) -> Floats:
        return np.asarray(transposed @ (inverse @ (matrix @ effects)) + prior @ effects)

    shape = (design.width, design.width)
    operator = LinearOperator(shape, matvec=product, dtype=np.float64)
    scaled = LinearOperator(shape, matvec=lambda effects: effects / diagonal, dtype=np.float64)
    effects, _ = cg(operator, right, rtol=TOLERANCE, maxiter=500, M=scaled)
    return np.asarray(effects), diagonal
