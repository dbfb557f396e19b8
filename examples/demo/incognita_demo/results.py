"""What the demo prints at its end: standings, how true they are, faults found, the account."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from incognita_demo.ledger import Ledger
from incognita_demo.plants import SHOULD_FLAG, Plant
from incognita_demo.reconcile import Line

Row = dict[str, Any]
SIMULATED = "Simulated results: they say nothing about any real store."


def league(title: str, answer: Mapping[str, Any], rows: Sequence[Row]) -> Table:
    """Rows of a league table, with all that is not known of each."""
    basis = answer["basis"]
    table = Table(
        title=f"{title} ({basis['rows']} rows, {basis['visits']} visits)",
        caption=_caption(basis),
        title_justify="left",
        caption_justify="left",
        min_width=100,
    )
    for name in ("rank", "who", "estimate", f"{basis['level']:.0%} interval", "visits", "raw mean"):
        table.add_column(name, justify="left" if name == "who" else "right")
    table.add_column("against the mean")
    for row in rows:
        ranks = f"{row['rank_low']}–{row['rank_high']}"
        table.add_row(
            ranks if row["rank_low"] != row["rank_high"] else str(row["rank_low"]),
            _who(row["group"]),
            f"{row['estimate']:.1f}",
            f"{row['interval_low']:.1f} – {row['interval_high']:.1f}",
            str(row["visits"]),
            f"{row['raw_mean']:.1f}",
            row["against_mean"].replace("_", " "),
        )
    return table


def _caption(basis: Mapping[str, Any]) -> str:
    lines = []
    if basis["reliability"]:
        lines.append(basis["reliability"]["note"])
    if not basis["told_apart"]:
        lines.append("No two rows can be told apart: the order means nothing.")
    return "\n".join(lines)


def _who(group: Mapping[str, Any]) -> str:
    if group["kind"] != "branch":
        return str(group["name"] or group["id"])
    return f"{group['store_id']} {group['city'] or ''}, {group['region'] or ''}"


def recovery(rows: Sequence[Row], quality: Mapping[str, float]) -> str:
    """How well the estimates found the truth that only the simulator knows.

    Rank correlation: Spearman 1904, by ``statistics.correlation(method="ranked")``. The truth is
    put on the scale of the scores by its mean and spread, as a questionnaire's scale is its own.
    """
    pairs = [(quality[row["group"]["id"]], row) for row in rows if row["group"]["id"] in quality]
    if len(pairs) < 3:
        return "too few branches to say how well the standings recovered the truth"
    truth = [true for true, _ in pairs]
    estimates = [row["estimate"] for _, row in pairs]
    raw = [row["raw_mean"] for _, row in pairs]
    return (
        f"rank correlation with the true quality over {len(pairs)} branches, one visit each: "
        f"{_ranked(truth, estimates)}; mean absolute error {_error(truth, estimates)} points "
        f"against {_error(truth, raw)} for raw means (both after matching the means)"
    )


def _ranked(truth: Sequence[float], found: Sequence[float]) -> str:
    try:
        return f"{statistics.correlation(_ranks(truth), _ranks(found)):.2f}"
    except statistics.StatisticsError:
        return "not defined, all estimates are equal"


def _ranks(values: Sequence[float]) -> list[float]:
    """Average ranks, so that ties count alike."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2
        start = end + 1
    return ranks


def _error(truth: Sequence[float], found: Sequence[float]) -> str:
    shift = statistics.fmean(truth) - statistics.fmean(found)
    gaps = [abs(true - (value + shift)) for true, value in zip(truth, found, strict=True)]
    return f"{statistics.fmean(gaps):.1f}"


def faults(ledger: Ledger, findings: Mapping[str, set[str]]) -> Table:
    """What was planted against what was flagged. ``findings``: visit → codes, of any revision."""
    table = Table(title="Planted faults and findings", title_justify="left")
    for name in ("fault", "planted", "finding", "found"):
        table.add_column(name, justify="left" if name in ("fault", "finding") else "right")
    for plant, code in SHOULD_FLAG.items():
        visits = [entry.visit_id for entry in ledger.completed() if entry.plant is plant]
        found = sum(code in findings.get(visit, ()) for visit in visits)
        table.add_row(plant.value, str(len(visits)), code, str(found))
    harmless = [entry for entry in ledger.completed() if entry.plant not in SHOULD_FLAG]
    alarms = [findings[entry.visit_id] for entry in harmless if findings.get(entry.visit_id)]
    codes = ", ".join(sorted(set().union(*alarms))) or "any"
    table.add_row("none that matters", str(len(harmless)), f"{codes}: false", str(len(alarms)))
    for plant in (Plant.LOST_CONNECTION, Plant.SENT_TWICE):
        count = ledger.planted()[plant]
        table.add_row(f"of these: {plant.value}", str(count), "one report each", str(count))
    return table


def account(lines: Sequence[Line]) -> Table:
    """The reconciliation."""
    table = Table(title="Reconciliation across the five services", title_justify="left")
    for name in ("what", "expected", "found", ""):
        table.add_column(name, justify="right" if name in ("expected", "found") else "left")
    for line in lines:
        verdict = "whole" if line.whole else f"missing {line.missing} extra {line.extra}"
        table.add_row(line.what, str(line.expected), str(line.found), verdict)
    return table


def show(console: Console, *parts: object) -> None:
    """Print the parts with a blank line between them."""
    for part in parts:
        console.print(part)
        console.print()
