"""From visits to a fitted model: which scale, which components, then all effects at once."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from incognita_comparison.model.components import Components
from incognita_comparison.model.design import Design, design_of
from incognita_comparison.model.equations import Solution, solve
from incognita_comparison.model.estimation import estimate
from incognita_comparison.model.identifiability import degrees_of_noise
from incognita_comparison.model.posterior import Posterior, Targets, posterior
from incognita_comparison.model.sampling import sample
from incognita_comparison.model.scale import AS_POINTS, Scale
from incognita_comparison.model.visits import Visits

FIRST_GUESS_POINTS = 5.0
"""Standard deviation of a single visit that counts as one degree of freedom more."""
MOST_CELLS = 800
"""Shoppers times periods: periods grow until there are fewer, or are a year long."""
PERIODS_DAYS = (91.3125, 182.625, 365.25)


@dataclass(frozen=True, slots=True)
class Fit:
    """Everything that standings and forecasts are made from.

    ``centre``: subtracted from the scores on the model's scale. ``now``: time of the last visit.
    ``widening``: what few visits leave unknown of the variances themselves: an interval is wider by
    this factor (Student's t over the normal distribution).
    """

    scale: Scale
    centre: float
    components: Components
    design: Design
    solution: Solution
    now: float
    widening: float

    def at(self, targets: Targets) -> Posterior:
        """The posterior with the centre added back."""
        found = posterior(self.design, self.components, self.solution, targets)
        return replace(found, mean=found.mean + self.centre)


def period_days_of(visits: Visits) -> float:
    """The finest period that keeps the shoppers' drift affordable."""
    start = visits.time.min()
    for days in PERIODS_DAYS:
        period = ((visits.time - start) // days).astype(np.int64)
        cells = len(np.unique(visits.shopper * (period.max() + 1) + period))
        if cells <= MOST_CELLS:
            return days
    return PERIODS_DAYS[-1]


def components_of(
    visits: Visits, scale: Scale, start: Components, *, most_iterations: int = 40
) -> Components:
    """Restricted maximum likelihood on a sample of bounded size, drawn by the design alone."""
    chosen = sample(visits)
    design = design_of(chosen, period_days_of(chosen))
    values = scale.of_points(design.visits.score)
    values = values - values.mean()
    return estimate(design, values, start=start, most_iterations=most_iterations).components


def fit_with(visits: Visits, scale: Scale, components: Components) -> Fit:
    """The effects given the components; the noise is estimated from these visits."""
    design = design_of(visits, period_days_of(visits))
    values = scale.of_points(design.visits.score)
    centre = float(values.mean())
    solution = solve(design, components, values - centre)
    noise = solution.noise
    if scale == AS_POINTS:
        # of next to no visits the spread says nothing, and a weak prior does
        noise = (noise * (len(visits) - 1) + FIRST_GUESS_POINTS**2) / len(visits)
    components = replace(components, noise=noise)
    now = float(visits.time.max())
    return Fit(scale, centre, components, design, solution, now, _widening(visits))


def _widening(visits: Visits) -> float:
    branches = len(np.unique(visits.branch))
    degrees = max(min(degrees_of_noise(visits), branches - 1), 1)
    return float(stdtrit(degrees, 0.95) / ndtri(0.95))


def start_of(visits: Visits) -> Components:
    """Where the search begins."""
    return Components(groups=dict.fromkeys(visits.groups, 0.05))


def fit(visits: Visits, scale: Scale = AS_POINTS) -> Fit:
    """On a scale that is given; ``forecasts.train`` chooses it by itself."""
    return fit_with(visits, scale, components_of(visits, scale, start_of(visits)))
