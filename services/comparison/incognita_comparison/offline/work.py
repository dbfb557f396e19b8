"""The two commands, between the files and the model."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from incognita_comparison.model.standing import Standings, standings
from incognita_comparison.model.training import train
from incognita_comparison.offline.extras import write_rollup, write_shoppers
from incognita_comparison.offline.history import Future, History, Wanted, read_future, read_history
from incognita_comparison.offline.problems import Problems
from incognita_comparison.offline.tables import Column, open_source, write_table

Say = Callable[[str], None]
POINTS = 100.0


def rank(options: argparse.Namespace, problems: Problems, say: Say) -> None:
    """``incognita-compare standings``. Raises CannotRead, OSError."""
    history = read_history(options.visits, wanted_of(options), problems, say)
    say(f"{len(history.visits):,} visits of {len(history.branches):,} branches")
    if not len(history.visits):
        say("nothing to rank: no usable visit")
        write_table(options.out, empty_standings())
        return
    trained = train(history.visits, say)
    width = options.scale[1] - options.scale[0]
    found = standings(
        trained, history.groups_of_branches(),
        precision_points=options.precision * POINTS / width,
    )  # fmt: skip
    if found.not_enough:
        say(f"nothing can be ranked: {found.not_enough}")
    write_table(options.out, table_of(found, history, options.scale))
    if options.shoppers is not None:
        write_shoppers(options.shoppers, trained.fit, history, width / POINTS)
    if options.rollup is not None:
        names, path = (options.rollup[0], options.within), Path(options.rollup[1])
        for line in write_rollup(path, trained.fit, history, names, options.scale):
            say(line)


def predict(options: argparse.Namespace, problems: Problems, say: Say) -> None:
    """``incognita-compare predict``. Raises CannotRead, OSError."""
    wanted = wanted_of(options)
    history = read_history(options.visits, wanted, problems, say)
    future = read_future(options.future, wanted, history, problems)
    say(f"{len(history.visits):,} visits, {len(future.cells):,} to forecast")
    count = len(future.cells)
    numbers: dict[str, Column] = {
        name: np.full(count, np.nan) for name in ("prediction", "lower", "upper")
    }
    if not len(history.visits):
        say("nothing to learn from: no usable visit")
    elif count:
        trained = train(history.visits, say)
        forecast = trained.forecast(future.targets)
        for name in numbers:
            numbers[name] = _on_scale(getattr(forecast, name), options.scale)
    write_table(options.out, {**_own_columns(future), "branch_id": future.branch, **numbers})


def wanted_of(options: argparse.Namespace) -> Wanted:
    """The columns by their names; the shopper's is used unasked where it has its usual one."""
    shopper = options.shopper
    if shopper is None and "shopper_id" in open_source(options.visits).header:
        shopper = "shopper_id"
    asked = [*options.group]
    if options.command == "standings":
        asked += [name for name in ((options.rollup or [None])[0], options.within) if name]
    return Wanted(
        options.branch, shopper, options.score, options.time, tuple(asked),
        not options.plain, options.scale[0], options.scale[1], options.date_format,
    )  # fmt: skip


def table_of(found: Standings, history: History, scale: tuple[float, float]) -> dict[str, Column]:
    """The columns of the standings, from the best estimate down, on the file's own scale."""
    order = np.lexsort((np.arange(len(found.estimate)), -found.estimate))
    width = (scale[1] - scale[0]) / POINTS

    def points(values: Column) -> Column:
        return _on_scale(np.asarray(values)[order], scale)

    status = found.not_enough or "ok"
    rank_of = (
        np.arange(1, len(order) + 1).astype(str) if not found.not_enough else [""] * len(order)
    )
    return {
        "branch_id": [history.branches[code] for code in order],
        "rank": rank_of,
        "estimate": points(found.estimate),
        "lower": points(found.lower),
        "upper": points(found.upper),
        "visits": found.visits[order],
        "shoppers": found.shoppers[order],
        "raw_mean": points(found.raw_mean),
        "p_top_quarter": found.top_quarter[order],
        "p_bottom_quarter": found.bottom_quarter[order],
        "tie_group": found.tie_group[order],
        "verdict": found.verdict[order],
        "change": found.change[order] * width,
        "change_lower": found.change_lower[order] * width,
        "change_upper": found.change_upper[order] * width,
        "change_verdict": found.change_verdict[order],
        "visits_to_precision": _counts(found.visits_to_precision[order]),
        "visits_to_separate_from_next": _counts(found.visits_to_separate[order]),
        "forecast": points(found.forecast.prediction),
        "forecast_lower": points(found.forecast.lower),
        "forecast_upper": points(found.forecast.upper),
        "status": [status] * len(order),
    }


def empty_standings() -> dict[str, Column]:
    """The first columns of a table without rows."""
    return {name: [] for name in ("branch_id", "rank", "estimate", "lower", "upper", "status")}


def _counts(values: Column) -> list[str]:
    return [
        str(int(value)) if np.isfinite(value) else "more than 1000" for value in np.asarray(values)
    ]


def _on_scale(points: Column, scale: tuple[float, float]) -> Column:
    return np.asarray(scale[0] + np.asarray(points) * (scale[1] - scale[0]) / POINTS)


def _own_columns(future: Future) -> dict[str, Column]:
    return {
        name: [row[place] for row in future.cells]
        for place, name in enumerate(future.header)
        if name
    }
