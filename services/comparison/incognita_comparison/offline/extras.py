"""Further tables of ``incognita-compare standings``: shoppers, and branches gathered by a group."""

from pathlib import Path

import numpy as np

from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.leniency import shoppers_of
from incognita_comparison.model.rollup import roll_up
from incognita_comparison.offline.history import History
from incognita_comparison.offline.problems import CannotRead
from incognita_comparison.offline.tables import write_table


def write_shoppers(path: Path, fit: Fit, history: History, width: float) -> None:
    """Leniency of each shopper in the file's own points. ``width``: of the scale, over 100."""
    found = shoppers_of(fit)
    write_table(
        path,
        {
            "shopper_id": history.shoppers,
            "visits": found.visits,
            "leniency": found.points * width,
            "lower": found.lower * width,
            "upper": found.upper * width,
            "flag": found.flag,
        },
    )


def write_rollup(
    path: Path,
    fit: Fit,
    history: History,
    names: tuple[str, str | None],
    scale: tuple[float, float],
) -> list[str]:
    """Groups of a covariate, the mix of another one taken out. Returns reversals, in words."""
    name, within = names
    groups = history.groups_of_branches()
    for column in (name, within):
        if column is not None and column not in groups:
            raise CannotRead(f"{column!r} is no --group column with more than one value")
    stratum = groups[within] if within is not None else None
    found = roll_up(fit, groups, groups[name], stratum)
    labels, width = history.groups[name], (scale[1] - scale[0]) / 100.0
    columns = ("estimate", "lower", "upper", "adjusted", "adjusted_lower", "adjusted_upper")
    numbers = {column: scale[0] + np.asarray(getattr(found, column)) * width for column in columns}
    write_table(path, {name: labels, "branches": found.branches, **numbers})
    return [
        f"{labels[one]} is better than {labels[other]} in every {within} they share, and worse"
        " overall: their mix differs"
        for one, other in found.reversals
    ]
