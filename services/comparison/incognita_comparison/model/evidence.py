"""Whether the data shows that branches differ at all."""

from incognita_comparison.model.design import design_of
from incognita_comparison.model.estimation import no_difference
from incognita_comparison.model.fitting import Fit, period_days_of
from incognita_comparison.model.sampling import sample

CRITICAL = 2.706
"""5 % point of an even mixture of chi-squares with 0 and 1 degrees (Self and Liang 1987)."""


def branches_differ(fit: Fit) -> bool:
    """By the restricted likelihood ratio, on the sample that the components come from."""
    chosen = sample(fit.design.visits)
    design = design_of(chosen, period_days_of(chosen))
    values = fit.scale.of_points(design.visits.score)
    return no_difference(design, values - values.mean(), fit.components) > CRITICAL
