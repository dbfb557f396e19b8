"""Standings: pure estimation, no I/O.

``build_table`` and ``fit_units`` are the ways in, so that a richer model can take their place.
"""

from incognita_comparison.standings.random_effects import Fit
from incognita_comparison.standings.table import (
    LEVEL,
    METHOD,
    Standing,
    Table,
    build_table,
    clamp,
    fit_units,
    interval,
)
from incognita_comparison.standings.units import (
    Unit,
    Within,
    between_waves,
    pooled_within,
    unit_of_means,
    unit_of_sums,
)

__all__ = [
    "LEVEL", "METHOD", "Fit", "Standing", "Table", "Unit", "Within", "between_waves",
    "build_table", "clamp", "fit_units", "interval", "pooled_within", "unit_of_means",
    "unit_of_sums",
]  # fmt: skip
