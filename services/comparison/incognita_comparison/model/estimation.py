"""Restricted maximum likelihood (Patterson and Thompson 1971) of all components at once."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from incognita_comparison.model.components import Components
from incognita_comparison.model.design import Design
from incognita_comparison.model.equations import solve
from incognita_comparison.model.visits import Floats

RATIOS = ("branch", "drift", "pair", "shopper", "shopper_drift", "season")
SPANS = ("drift_days", "shopper_drift_days")
LEAST, MOST = 1e-5, 1e3
SHORTEST_DAYS, LONGEST_DAYS = 120.0, 4_000.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was found, and how likely it makes the data (restricted, logarithm)."""

    components: Components
    log_likelihood: float
    evaluations: int


def estimate(
    design: Design,
    values: Floats,
    *,
    start: Components,
    fixed: frozenset[str] = frozenset(),
    most_iterations: int = 40,
) -> Estimate:
    """``values``: on the model's scale, in the order of ``design.visits``.

    ``fixed``: names that keep their value of ``start``. A gamma prior of shape 2 on the branches'
    standard deviation, flat otherwise, keeps their variance off zero (Chung et al. 2013).
    """
    free = [name for name in (*RATIOS, *SPANS) if name not in fixed]
    covariates = sorted(start.groups)
    evaluations = 0

    def unpack(parameters: Floats) -> Components:
        found = dict(zip(free, np.exp(parameters[: len(free)]).tolist(), strict=True))
        groups = dict(zip(covariates, np.exp(parameters[len(free) :]).tolist(), strict=True))
        return replace(start, groups=groups, **found)

    def cost(parameters: Floats) -> float:
        nonlocal evaluations
        evaluations += 1
        components = unpack(parameters)
        return -solve(design, components, values).log_likelihood - _prior(components)

    first = np.log([getattr(start, name) for name in free] + [start.groups[c] for c in covariates])
    bounds = [
        (np.log(SHORTEST_DAYS), np.log(LONGEST_DAYS))
        if name in SPANS
        else (np.log(LEAST), np.log(MOST))
        for name in free
    ] + [(np.log(LEAST), np.log(MOST))] * len(covariates)
    found = minimize(
        cost,
        np.asarray(first, np.float64),
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": most_iterations, "ftol": 1e-7, "eps": 1e-4},
    )
    components = unpack(found.x)
    noise = solve(design, components, values).noise
    return Estimate(replace(components, noise=noise), -float(found.fun), evaluations)


def no_difference(design: Design, values: Floats, components: Components) -> float:
    """Twice the gain in log likelihood by letting branches differ at all.

    Without branches the same components are estimated anew from where they are.
    """
    nothing = replace(components, branch=LEAST, drift=LEAST, pair=LEAST)
    fixed = frozenset({"branch", "drift", "pair", "drift_days", "shopper_drift_days"})
    without = estimate(design, values, start=nothing, fixed=fixed, most_iterations=15)
    full = solve(design, components, values).log_likelihood
    return 2 * (full - (without.log_likelihood - _prior(nothing)))


def _prior(components: Components) -> float:
    return 0.5 * float(np.log(components.branch + components.drift))
