"""From orders to the tables of a directory."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from incognita_comparison.customers.branches import branches_of
from incognita_comparison.customers.cohorts import cohorts_of
from incognita_comparison.customers.histories import histories_of, occasions_of
from incognita_comparison.customers.orders import Orders
from incognita_comparison.customers.segments import segments_of
from incognita_comparison.customers.summary import lines_of, summary_of
from incognita_comparison.customers.tables import (
    branches_table,
    cohorts_table,
    segments_table,
    value_table,
)
from incognita_comparison.customers.value import Horizon, value_of
from incognita_comparison.customers.writing import Part, write_rows
from incognita_comparison.offline.tables import write_table

Say = Callable[[str], None]
FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to write, as what (csv or parquet), and what to reckon with. ``until``: the last day
    that counts; None takes the last of the orders."""

    out: Path
    format: str
    horizon: Horizon
    until: date | None = None
    branches: bool = False


def analyse(orders: Orders, asked: Asked, skipped: int, say: Say) -> None:
    """Writes segments, cohorts, ltv, branches (where asked for) and summary.json. Raises OSError.

    ``skipped``: rows that could not be read, for the summary.
    """
    last = int(orders.day.max()) if len(orders) else 0
    until = (asked.until - FIRST_DAY).days if asked.until else last
    if until < last:
        before = len(orders)
        orders = orders.until(until)
        say(f"{before - len(orders):,} orders after {asked.until} are left out")
    occasions = occasions_of(orders)
    histories = histories_of(orders, occasions, until)
    segments = segments_of(histories)
    value = value_of(histories, asked.horizon)
    parts: dict[str, tuple[int, Part]] = {
        "segments": (
            len(histories), lambda rows: segments_table(orders, histories, segments, rows)
        ),
        "ltv": (len(histories), lambda rows: value_table(orders, histories, value, rows)),
    }  # fmt: skip
    for name, (count, part) in parts.items():
        write_rows(asked.out / f"{name}.{asked.format}", count, part)
    tables = {"cohorts": cohorts_table(cohorts_of(orders, occasions, histories))}
    if asked.branches:
        tables["branches"] = branches_table(branches_of(orders, histories, value))
    for name, columns in tables.items():
        write_table(asked.out / f"{name}.{asked.format}", columns)
    summary = summary_of(orders, histories, segments, value, asked.horizon)
    summary["rows_skipped"] = skipped
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (asked.out / "summary.json").write_text(text + "\n", encoding="utf-8")
    for line in lines_of(summary):
        say(line)
