"""Orders from a file: what can't be used is listed with its row, its column and the cause."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from incognita_comparison.customers.amounts import Mark, mark_of, units_of
from incognita_comparison.customers.blocks import Block, blocks
from incognita_comparison.customers.days import day_of
from incognita_comparison.customers.orders import NOWHERE, Orders, Short, Whole
from incognita_comparison.offline.cells import BadCell
from incognita_comparison.offline.problems import CannotRead, Problems

EVERY_ROWS = 500_000
LARGEST_SUM = 9e18


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the columns and how they are written.

    ``order``: a column of order ids, of which the second row of the same is left out, or with
    ``lines`` belongs to the same order. ``zone``: whose days count; times without an offset are
    taken as its own. ``mark``: None finds it in the first block of the file.
    """

    customer: str
    time: str
    amount: str
    branch: str | None = None
    order: str | None = None
    lines: bool = False
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    mark: Mark | None = None
    date_format: str | None = None
    encoding: str | None = None


@dataclass(slots=True)
class _Names:
    """Codes for names, in the order in which they are met."""

    codes: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        return self.codes.setdefault(name, len(self.codes))

    def sorted(self) -> tuple[list[str], Short]:
        """The names in order, and for each code the place of its name."""
        names = sorted(self.codes)
        places = np.zeros(len(names), np.int32)
        places[[self.codes[name] for name in names]] = np.arange(len(names), dtype=np.int32)
        return names, places


@dataclass(slots=True)
class _Columns:
    rows: list[Whole] = field(default_factory=list)
    order: list[Whole] = field(default_factory=list)
    customer: list[Short] = field(default_factory=list)
    day: list[Short] = field(default_factory=list)
    amount: list[Whole] = field(default_factory=list)
    branch: list[Short] = field(default_factory=list)


class _Bad:
    """A cell's cause in the place of its value."""

    def __init__(self, cause: str) -> None:
        self.cause = cause


def read_orders(
    path: Path, wanted: Wanted, problems: Problems, progress: Callable[[str], None]
) -> Orders:
    """Raises CannotRead (a missing column, a file that is no table), OSError."""
    customers, branches, columns = _Names(), _Names(), _Columns()
    mark, count = wanted.mark, 0
    optional = [name for name in (wanted.branch, wanted.order) if name is not None]
    for block in blocks(
        path, [wanted.customer, wanted.time, wanted.amount, *optional], problems, wanted.encoding
    ):
        if mark is None:
            mark = mark_of(cell.decode("utf-8", "replace") for cell in block.columns[2][0])
        _take(block, wanted, mark, (customers, branches), columns, problems)
        before, count = count, count + len(block.rows)
        if before // EVERY_ROWS != count // EVERY_ROWS:
            progress(f"{count:,} rows read")
    return _orders(columns, customers, branches, wanted, problems)


def _take(
    block: Block, wanted: Wanted, mark: Mark, names: tuple[_Names, _Names], columns: _Columns,
    problems: Problems,
) -> None:  # fmt: skip
    customer = _read(block.columns[0], lambda text: names[0].of(_name(text)))
    day = _read(block.columns[1], lambda text: day_of(text, wanted.zone, wanted.date_format))
    amount = _read(block.columns[2], lambda text: units_of(text, mark))
    branch: tuple[Whole, dict[int, str]] = (np.full(len(block.rows), NOWHERE), {})
    if wanted.branch is not None:
        branch = _read(block.columns[3], lambda text: names[1].of(text) if text else NOWHERE)
    good = np.ones(len(block.rows), np.bool_)
    blank = _blank(block)
    names_of_columns = (wanted.customer, wanted.time, wanted.amount, wanted.branch)
    for name, (_, bad) in zip(names_of_columns, (customer, day, amount, branch), strict=True):
        for at, cause in bad.items():
            if good[at] and not blank[at]:
                problems.skip(int(block.rows[at]), str(name), cause)
            good[at] = False
    if wanted.order is not None:
        columns.rows.append(block.rows[good])
        columns.order.append(_hashes(block.columns[-1])[good])
    columns.customer.append(customer[0][good].astype(np.int32))
    columns.day.append(day[0][good].astype(np.int32))
    columns.amount.append(amount[0][good])
    columns.branch.append(branch[0][good].astype(np.int32))


def _read(
    column: tuple[list[bytes], Whole], value_of: Callable[[str], int]
) -> tuple[Whole, dict[int, str]]:
    """The value of each row, and the cause for each place in the block that has none."""
    cells, place = column
    values, causes = np.zeros(len(cells), np.int64), {}
    for at, cell in enumerate(cells):
        try:
            values[at] = value_of(cell.decode("utf-8").strip())
        except UnicodeDecodeError:
            causes[at] = "not UTF-8: say the file's own by --encoding (cp1254, cp1251)"
        except BadCell as error:
            causes[at] = str(error)
    if not causes:
        return values[place], {}
    rows = np.flatnonzero(np.isin(place, list(causes)))
    return values[place], {int(row): causes[int(place[row])] for row in rows}


def _name(text: str) -> str:
    if not text:
        raise BadCell("empty")
    return text


def _blank(block: Block) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows without anything in them, which spreadsheets leave at the end."""
    empty = np.ones(len(block.rows), np.bool_)
    for cells, place in block.columns:
        empty &= np.array([not cell.strip() for cell in cells], np.bool_)[place]
    return empty


def _hashes(column: tuple[list[bytes], Whole]) -> Whole:
    """64 bits of each order id; 0 for none. Two of ten million collide once in 400,000 files."""
    cells, place = column
    return np.array([hash(cell.strip()) if cell.strip() else 0 for cell in cells], np.int64)[place]


def _orders(
    columns: _Columns, customers: _Names, branches: _Names, wanted: Wanted, problems: Problems
) -> Orders:
    customer_names, customer_places = customers.sorted()
    branch_names, branch_places = branches.sorted()
    customer = customer_places[_short(columns.customer)]
    branch = _short(columns.branch)
    known = branch != NOWHERE
    branch[known] = branch_places[branch[known]]
    orders = Orders(
        customer, _short(columns.day), _long(columns.amount), branch, customer_names,
        branch_names,
    )  # fmt: skip
    if np.abs(orders.amount.astype(float)).sum() > LARGEST_SUM:
        raise CannotRead("the amounts are too large to be summed exactly")
    if wanted.order is None or wanted.lines:
        return orders
    return _without_repeated(orders, columns, wanted.order, problems)


def _without_repeated(orders: Orders, columns: _Columns, name: str, problems: Problems) -> Orders:
    order, rows = _long(columns.order), _long(columns.rows)
    by_id = np.argsort(order, kind="stable")  # the first row of an id stays first
    same = np.append(False, order[by_id][1:] == order[by_id][:-1])[: len(order)]
    repeated = by_id[same & (order[by_id] != 0)]
    for at in np.sort(repeated):
        problems.skip(int(rows[at]), name, "the order is there before (--lines, if it is a line)")
    kept = np.ones(len(order), np.bool_)
    kept[repeated] = False
    return Orders(
        orders.customer[kept], orders.day[kept], orders.amount[kept], orders.branch[kept],
        orders.customers, orders.branches,
    )  # fmt: skip


def _short(parts: list[Short]) -> Short:
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)


def _long(parts: list[Whole]) -> Whole:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
