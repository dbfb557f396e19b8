"""Text columns of a CSV or Parquet file, block by block, so that memory doesn't grow with rows."""

import csv as csv_of_python
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from incognita_comparison.customers.orders import Whole
from incognita_comparison.offline.problems import CannotRead, Problems
from incognita_comparison.offline.tables import DELIMITERS, Source

BLOCK_BYTES = 4 << 20
BLOCK_ROWS = 65_536
PARQUET = ".parquet"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Block:
    """``rows``: numbers as in a spreadsheet, the header being 1. ``columns``: in the order asked
    for, each as its distinct cells (bytes) and the place of each row's cell among them."""

    rows: Whole
    columns: list[tuple[list[bytes], Whole]]


def blocks(
    path: Path, names: Sequence[str], problems: Problems, encoding: str | None = None
) -> Iterator[Block]:
    """Rows with too few or too many cells go to ``problems``. Raises CannotRead, OSError."""
    import pyarrow as pa

    try:
        if path.suffix.lower() == PARQUET:
            yield from _parquet(path, names)
        else:
            yield from _csv(path, names, problems, encoding)
    except pa.ArrowException as error:
        raise CannotRead(f"{path}: {str(error).splitlines()[0][:200]}") from error


def _csv(
    path: Path, names: Sequence[str], problems: Problems, encoding: str | None
) -> Iterator[Block]:
    import pyarrow as pa
    from pyarrow import csv

    source = _source(path, encoding)
    places = [source.place(name) for name in names]
    cells = [f"c{place}" for place in range(len(source.header))]
    wrong: list[int] = []

    def refuse(row: Any) -> str:
        wrong.append(row.number)
        if row.text.strip():
            problems.skip(
                row.number, "row", f"has {row.actual_columns} cells, not {row.expected_columns}"
            )
        return "skip"

    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, column_names=cells, skip_rows=1,
            encoding=source.encoding,
        ),
        parse_options=csv.ParseOptions(
            delimiter=source.delimiter, newlines_in_values=True, ignore_empty_lines=False,
            invalid_row_handler=refuse,
        ),
        convert_options=csv.ConvertOptions(
            # bytes: a single bad one shall cost its own row, not the file
            column_types=dict.fromkeys(cells, pa.binary()), strings_can_be_null=False,
            include_columns=[cells[place] for place in dict.fromkeys(places)],
        ),
    )  # fmt: skip
    number = 2
    for batch in reader:
        rows, number = _numbers(number, batch.num_rows, wrong)
        yield Block(rows, [_distinct(batch.column(cells[place])) for place in places])


def _source(path: Path, encoding: str | None) -> Source:
    """Looks at the header; cells that can't be decoded are left to their own rows."""
    with path.open("rb") as stream:
        marked = stream.read(2) in UTF_16_MARKS
    name = encoding or ("utf-16" if marked else "utf-8")
    with path.open(encoding=name, errors="replace", newline="") as stream:
        first = stream.readline().lstrip("\ufeff")
    if not first.strip():
        raise CannotRead(f"{path} is empty")
    delimiter = max(DELIMITERS, key=first.count)
    header = next(csv_of_python.reader([first], delimiter=delimiter))
    return Source(path, name, delimiter, tuple(name.strip() for name in header))


def _numbers(begin: int, count: int, wrong: list[int]) -> tuple[Whole, int]:
    """Numbers of the next ``count`` good rows, and where to go on."""
    end = begin + count
    left_out = sorted(number for number in wrong if number >= begin)
    for number in left_out:
        if number >= end:
            break
        end += 1
    numbers = np.setdiff1d(np.arange(begin, end), np.array(left_out, np.int64), assume_unique=True)
    wrong[:] = [number for number in wrong if number >= end]
    return numbers, end


def _parquet(path: Path, names: Sequence[str]) -> Iterator[Block]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        there = file.schema_arrow.names
        for name in names:
            if name not in there:
                raise CannotRead(f"{path} has no column {name!r}. There are: {', '.join(there)}")
        begin = 2
        for batch in file.iter_batches(BLOCK_ROWS, columns=list(dict.fromkeys(names))):
            rows = np.arange(begin, begin + batch.num_rows)
            begin += batch.num_rows
            texts = [
                pc.fill_null(
                    pc.cast(batch.column(batch.schema.get_field_index(n)), pa.string()), ""
                )
                for n in names
            ]
            yield Block(rows, [_distinct(pc.cast(text, pa.binary())) for text in texts])


def _distinct(column: Any) -> tuple[list[bytes], Whole]:
    found = column.dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy(zero_copy_only=False)
