"""Long tables into CSV or Parquet files, some rows at a time: their text is never all in memory."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from incognita_comparison.offline.tables import Column

ROWS = 50_000
PARQUET = ".parquet"

Part = Callable[[slice], dict[str, Column]]
"""Some rows of a table: its columns by name, of the same kinds whichever rows are asked for."""


def write_rows(path: Path, count: int, part: Part) -> None:
    """CSV, or Parquet by the name's ending. Whole or not at all. Raises OSError."""
    made = path.with_name(f".{path.name}.part")
    write = _write_parquet if path.suffix.lower() == PARQUET else _write_csv
    try:
        write(made, _parts(count, part))
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _parts(count: int, part: Part) -> Iterator[dict[str, Column]]:
    for begin in range(0, max(count, 1), ROWS):  # an empty table has its header
        yield part(slice(begin, min(begin + ROWS, count)))


def _write_csv(path: Path, parts: Iterator[dict[str, Column]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        for number, columns in enumerate(parts):
            _write_lines(stream, columns, header=number == 0)


def _write_lines(stream: IO[str], columns: dict[str, Column], *, header: bool) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*(_cells(column) for column in columns.values()), strict=True))


def _cells(column: Column) -> list[object]:
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        known = np.isfinite(column).tolist()
        return [f"{value:.4f}" if here else "" for value, here in zip(values, known, strict=True)]
    return values


def _write_parquet(path: Path, parts: Iterator[dict[str, Column]]) -> None:
    import pyarrow.parquet as pq

    first = _arrow(next(parts))
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for columns in parts:
            writer.write_table(_arrow(columns))


def _arrow(columns: dict[str, Column]) -> Any:
    import pyarrow as pa

    return pa.table({name: _array(column) for name, column in columns.items()})


def _array(column: Column) -> object:
    import pyarrow as pa

    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return pa.array(column, mask=~np.isfinite(column))
    if isinstance(column, np.ndarray):
        return pa.array(column)
    return pa.array(list(column), pa.string())
