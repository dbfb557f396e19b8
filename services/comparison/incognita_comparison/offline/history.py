"""Visits from a file, and future visits beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.visits import UNKNOWN, Codes, Visits, codes_of
from incognita_comparison.offline.cells import BadCell, days_of, score_of
from incognita_comparison.offline.problems import Problems
from incognita_comparison.offline.tables import Source, open_source

USUAL_GROUPS = (
    "franchisee", "ownership", "city", "region", "brand", "scenario", "channel", "kind",
    "questionnaire_version",
)  # fmt: skip
"""Columns that are used as covariates where they are there."""
EVERY_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the columns, the scale of the scores, and how dates are written."""

    branch: str
    shopper: str | None
    score: str
    time: str
    groups: tuple[str, ...] = ()
    usual: bool = True
    lowest: float = 0.0
    highest: float = 100.0
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The visits, and the names behind the codes."""

    visits: Visits
    branches: list[str]
    shoppers: list[str]
    groups: dict[str, list[str]]

    def groups_of_branches(self) -> dict[str, Codes]:
        """For each covariate the group of each branch at its last visit."""
        order = np.argsort(self.visits.time, kind="stable")
        found = {}
        for name, codes in self.visits.groups.items():
            last = np.full(len(self.branches), UNKNOWN)
            known = order[codes[order] != UNKNOWN]
            last[self.visits.branch[known]] = codes[known]
            found[name] = last
        return found


@dataclass(slots=True)
class _Columns:
    branch: list[str] = field(default_factory=list)
    shopper: list[str] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)


def read_history(
    path: Path, wanted: Wanted, problems: Problems, progress: Callable[[str], None]
) -> History:
    """Raises CannotRead (a missing column, a file that is no table), OSError."""
    source = open_source(path)
    branch, score = source.place(wanted.branch), source.place(wanted.score)
    time = source.place(wanted.time)
    shopper = source.place(wanted.shopper) if wanted.shopper is not None else None
    groups = {name: source.place(name) for name in _group_names(source, wanted)}
    columns = _Columns(groups={name: [] for name in groups})
    seen: set[int] = set()
    for number, row in source.rows():
        if number % EVERY_ROWS == 0:
            progress(f"{number:,} rows read")
        _read_row(
            number, row, (branch, score, time, shopper), groups, wanted, columns, seen, problems
        )
    return _history(columns)


def _group_names(source: Source, wanted: Wanted) -> list[str]:
    taken = {wanted.branch, wanted.shopper, wanted.score, wanted.time}
    usual = [n for n in USUAL_GROUPS if n in source.header] if wanted.usual else []
    return [name for name in dict.fromkeys([*wanted.groups, *usual]) if name not in taken]


def _read_row(
    number: int,
    row: list[str],
    places: tuple[int, int, int, int | None],
    groups: dict[str, int],
    wanted: Wanted,
    columns: _Columns,
    seen: set[int],
    problems: Problems,
) -> None:
    branch, score, time, shopper = places
    needed = max(place for place in (*places, *groups.values()) if place is not None)
    if len(row) <= needed:
        return problems.skip(number, "row", f"has {len(row)} cells, {needed + 1} are needed")
    if not row[branch].strip():
        return problems.skip(number, wanted.branch, "empty")
    try:
        points = score_of(row[score], wanted.lowest, wanted.highest)
    except BadCell as error:
        return problems.skip(number, wanted.score, str(error))
    try:
        days = days_of(row[time], wanted.date_format)
    except BadCell as error:
        return problems.skip(number, wanted.time, str(error))
    whole = hash(tuple(row))  # 8 bytes a row instead of the row itself
    if whole in seen:
        return problems.skip(number, "row", "the same as one before")
    seen.add(whole)
    columns.branch.append(row[branch].strip())
    columns.shopper.append(row[shopper].strip() if shopper is not None else "")
    columns.time.append(days)
    columns.score.append(points)
    for name, place in groups.items():
        columns.groups[name].append(row[place].strip())
    return None


def _history(columns: _Columns) -> History:
    branch, branches = codes_of(columns.branch)
    shopper, shoppers = codes_of(columns.shopper)
    groups, labels = {}, {}
    for name, values in columns.groups.items():
        codes, found = codes_of(values)
        if len(found) > 1:  # one group for all explains nothing
            groups[name], labels[name] = codes, found
    visits = Visits(branch, shopper, np.array(columns.time), np.array(columns.score), groups)
    return History(visits, branches, shoppers, labels)


@dataclass(frozen=True, slots=True)
class Future:
    """Rows to forecast, in their order, and their own columns."""

    header: tuple[str, ...]
    cells: list[list[str]]
    branch: list[str]
    targets: Targets


def read_future(path: Path, wanted: Wanted, history: History, problems: Problems) -> Future:
    """Every row is kept; one without a usable date is forecast for the end of the visits."""
    source = open_source(path)
    branch, time = source.place(wanted.branch), source.place(wanted.time)
    shopper = (
        source.header.index(wanted.shopper) if wanted.shopper in source.header else None
    )  # fmt: skip
    cells, days = [], []
    last = float(history.visits.time.max()) if len(history.visits) else 0.0
    for number, found_row in source.rows():
        row = (found_row + [""] * len(source.header))[: len(source.header)]
        cells.append(row)
        try:
            days.append(days_of(row[time], wanted.date_format))
        except BadCell as error:
            problems.note(number, wanted.time, f"{error}; forecast for the end of the visits")
            days.append(last)
    names = [row[branch].strip() for row in cells]
    codes, _ = codes_of(names, history.branches)
    people = [row[shopper].strip() if shopper is not None else "" for row in cells]
    shoppers, _ = codes_of(people, history.shoppers)
    shoppers[(shoppers == UNKNOWN) & np.array([bool(name) for name in people], dtype=bool)] = len(
        history.shoppers
    )
    groups = {}
    for name, of_branches in history.groups_of_branches().items():
        found = np.where(codes == UNKNOWN, UNKNOWN, of_branches[codes])
        if name in source.header:
            own, _ = codes_of(
                [row[source.place(name)].strip() for row in cells], history.groups[name]
            )
            found = np.where(own == UNKNOWN, found, own)
        groups[name] = found
    return Future(source.header, cells, names, Targets(codes, shoppers, np.array(days), groups))
