"""Rows of a CSV file."""

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from incognita_assignment.attributes import value_of_cell
from incognita_assignment.imports.columns import (
    ATTRIBUTE,
    COLUMN_OF,
    attribute_named,
    normalise,
    read_header,
)
from incognita_assignment.imports.rows import LONGEST_CELL, BrokenFile, Fault, Row
from incognita_assignment.imports.text import LONGEST_LINE, LineTooLong, Undecodable, lines

_DELIMITERS = ",;\t"
_LONGEST_RECORD = 2_000_000


class _Source:
    """Feeds the CSV reader and knows which line it is at and how long the record grows."""

    def __init__(self, file: BinaryIO) -> None:
        self._lines = lines(file)
        self.line = 0
        self.record_line = 0
        self._record_length = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.line += 1
            self._record_length += len(line)
            if self._record_length > _LONGEST_RECORD:
                raise BrokenFile(
                    f"the row that starts at line {self.record_line} doesn't end within "
                    f"{_LONGEST_RECORD:,} characters; is a quotation mark left open?"
                )
            yield line

    def begin_record(self) -> None:
        self.record_line = self.line + 1
        self._record_length = 0


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """Every data row in order. Raises ``BrokenFile``, before the first row for a bad header."""
    source = _Source(file)
    number = 0
    try:
        stream = iter(source)
        first = next((line for line in stream if line.strip()), "")
        delimiter = _delimiter(first)
        columns = read_header(_header(first, delimiter), delimiter=delimiter)
        for cells in _records(source, stream, delimiter):
            if isinstance(cells, Fault) or any(cell.strip() for cell in cells):
                number += 1
                yield _row(number, source.record_line, cells, columns)
    except Undecodable as error:
        raise BrokenFile(
            f"row {number + 1}: byte {error.byte:#04x} at offset {error.offset} is not "
            f"{error.encoding.upper()}; save the file as UTF-8",
            field=f"row {number + 1}",
        ) from None
    except LineTooLong:
        raise BrokenFile(
            f"row {number + 1}, line {source.line + 1}: longer than {LONGEST_LINE:,} characters; "
            f"a cell may have {LONGEST_CELL:,}",
            field=f"row {number + 1}",
        ) from None
    except csv.Error as error:
        raise BrokenFile(
            f"row {number + 1}, line {source.record_line}: {error}; is a quotation mark left open?",
            field=f"row {number + 1}",
        ) from None


def _records(source: _Source, stream: Iterator[str], delimiter: str) -> Iterator[list[str] | Fault]:
    """Strict about quotation marks: a stray one costs its row, one left open the file."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    while True:
        source.begin_record()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error):
                raise
            yield Fault("row", "text after a closing quotation mark; write a quote as two")


def _delimiter(header: str) -> str:
    """The one that gives the most columns that we know, then the most cells."""

    def fitness(delimiter: str) -> tuple[int, int]:
        cells = _header(header, delimiter)
        known = sum(normalise(cell) in COLUMN_OF or bool(attribute_named(cell)) for cell in cells)
        return known, len(cells)

    return max(_DELIMITERS, key=fitness)


def _header(line: str, delimiter: str) -> list[str]:
    if not line:
        raise BrokenFile("the file is empty")
    if "\0" in line:
        raise BrokenFile("the header contains NUL characters; save the file as UTF-8")
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
    except csv.Error as error:
        raise BrokenFile(f"the header can't be read: {error}") from None
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _row(number: int, line: int, cells: list[str] | Fault, columns: Sequence[str | None]) -> Row:
    if isinstance(cells, Fault):
        return Row(number, line, fault=cells)
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(columns):
        few = "few" if len(cells) < len(columns) else "many"
        cause = f"too {few} cells: {len(cells)}, the header has {len(columns)}"
        return Row(number, line, fault=Fault("row", cause))
    named = {column: cell for column, cell in zip(columns, cells, strict=True) if column}
    for column, cell in named.items():
        if len(cell) > LONGEST_CELL:
            cause = f"{len(cell):,} characters; a cell may have {LONGEST_CELL:,}"
            return Row(number, line, fault=Fault(column, cause, cell[:80]))
    told = {
        column.removeprefix(ATTRIBUTE): value_of_cell(named.pop(column).strip())
        for column in list(named)
        if column.startswith(ATTRIBUTE)
    }
    return Row(number, line, named, told)
