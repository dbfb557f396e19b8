"""From units to a league table: fit, estimate, interval, rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from incognita_comparison.rules import SCALE
from incognita_comparison.standings.random_effects import Fit, fit
from incognita_comparison.standings.ranking import rank
from incognita_comparison.standings.units import Unit, Within, pooled_within

LEVEL = 0.9
NOTHING = Within()
QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)
METHOD = (
    "Normal one-way random-effects model: the estimate is shrunk towards the mean of all that is"
    " compared, by the reliability of its own visits, which is averaged over its posterior together"
    " with the variances (Morris 1983; Searle, Casella and McCulloch 1992; Kass and Steffey 1989)."
    " Ranks are ranges from pairwise comparisons (Goldstein and Healy 1995). A full model with"
    " shopper leniency comes later."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the table. Points from 0 to 100; the interval holds the truth with ``LEVEL``.

    ``weight``: how much the unit's own mean counts in its estimate, 0 to 1. ``verdict``: its
    interval against the mean of all: ``above``, ``below`` or ``cannot_tell``.
    """

    key: str
    count: int
    raw_mean: float
    estimate: float
    low: float
    high: float
    standard_error: float
    weight: float
    rank_low: int
    rank_high: int
    tie_group: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows from the best estimate down, ties by key, and the model behind them (None: no rows)."""

    rows: tuple[Standing, ...]
    fitted: Fit | None


def build_table(units: Sequence[Unit], elsewhere: Within = NOTHING) -> Table:
    """The league table of ``units``; ``elsewhere`` is what other waves say of single scores."""
    if not units:
        return Table((), None)
    fitted = fit_units(units, elsewhere)
    values = {unit.key: fitted.estimate(unit) for unit in units}
    ordered = sorted(units, key=lambda unit: (-clamp(values[unit.key].value), unit.key))
    ranks = rank(ordered, fitted, QUANTILE)
    rows = []
    for unit, place in zip(ordered, ranks, strict=True):
        value, error = values[unit.key].value, values[unit.key].standard_error
        low, high = interval(value, error)
        rows.append(
            Standing(
                key=unit.key,
                count=unit.count,
                raw_mean=unit.mean,
                estimate=clamp(value),
                low=clamp(low),
                high=clamp(high),
                standard_error=error,
                weight=fitted.shrinkage[unit.count].weight,
                rank_low=place.low,
                rank_high=place.high,
                tie_group=place.tie_group,
                verdict=_verdict(low, high, fitted.mean),
            )
        )
    return Table(tuple(rows), fitted)


def fit_units(units: Sequence[Unit], elsewhere: Within = NOTHING) -> Fit:
    """The model of at least one unit, without the rows."""
    return fit(units, pooled_within(units) + elsewhere)


def clamp(points: float) -> float:
    """Within the scale of scores."""
    return min(max(points, 0.0), SCALE)


def interval(value: float, error: float) -> tuple[float, float]:
    """The two-sided interval at ``LEVEL``, not clamped."""
    return value - QUANTILE * error, value + QUANTILE * error


def _verdict(low: float, high: float, mean: float) -> str:
    if low > mean:
        return "above"
    return "below" if high < mean else "cannot_tell"
