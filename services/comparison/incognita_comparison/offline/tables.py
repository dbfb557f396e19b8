"""CSV files as people's spreadsheets write them, and CSV or Parquet out."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from incognita_comparison.offline.problems import CannotRead

LONGEST_CELL = 10_000_000
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Source:
    """A file and how it is written."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Number as in a spreadsheet (the header is 1), and the cells; blank rows left out."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as stream:
                reader = csv.reader(_without_nul(stream), delimiter=self.delimiter)
                next(reader, None)
                for number, row in enumerate(reader, 2):
                    if row:
                        yield number, row
        except csv.Error as error:
            raise CannotRead(f"{self.path}: {error}") from error
        except UnicodeDecodeError as error:
            raise CannotRead(f"{self.path}: not {self.encoding}: {error.reason}") from error

    def place(self, name: str) -> int:
        """Of a column. Raises CannotRead with the columns there are."""
        if name in self.header:
            return self.header.index(name)
        there = ", ".join(self.header)
        raise CannotRead(f"{self.path} has no column {name!r}. There are: {there}")


def open_source(path: Path) -> Source:
    """Looks at the header. Raises CannotRead, OSError."""
    csv.field_size_limit(LONGEST_CELL)
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            first = stream.readline()
            delimiter = max(DELIMITERS, key=first.count)
            stream.seek(0)
            header = next(csv.reader(_without_nul(stream), delimiter=delimiter), None)
    except (csv.Error, UnicodeError) as error:
        raise CannotRead(f"{path}: {error}") from error
    if not header:
        raise CannotRead(f"{path} is empty")
    names = tuple(name.strip() for name in header)
    return Source(path, encoding, delimiter, names)


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        begin = stream.read(4)
        if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        return "utf-8-sig"


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "")


Column = Sequence[str] | np.ndarray[tuple[int], np.dtype[np.generic]]


def write_table(path: Path, columns: dict[str, Column]) -> None:
    """CSV, or Parquet by the name's ending. Whole or not at all."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as part:
        made = Path(part.name)
    try:
        if path.suffix.lower() == ".parquet":
            _write_parquet(made, columns)
        else:
            _write_csv(made, columns)
        made.chmod(0o666 & ~_umask())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_parquet(path: Path, columns: dict[str, Column]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.dtype.kind == "f":
            arrays[name] = pa.array(column, mask=~np.isfinite(column))
        elif isinstance(column, np.ndarray) and column.dtype.kind == "i":
            arrays[name] = pa.array(column)
        else:
            arrays[name] = pa.array([str(value) for value in column])
    pq.write_table(pa.table(arrays), path)


def _write_csv(path: Path, columns: dict[str, Column]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(_texts(column) for column in columns.values()), strict=True))


def _texts(column: Column) -> Sequence[str]:
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return [f"{value:.4f}" if np.isfinite(value) else "" for value in column.tolist()]
    return [str(value) for value in (column.tolist() if isinstance(column, np.ndarray) else column)]
