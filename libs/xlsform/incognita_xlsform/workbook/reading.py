"""Reads the sheets of an .xlsx file as text, cell by cell."""

import io
import unicodedata
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from incognita_xlsform.importing.found import Found
from incognita_xlsform.workbook.bounds import MOST_ROWS, Unreadable, check
from incognita_xlsform.workbook.sheets import Book, Line, Sheet

KNOWN = ("survey", "choices", "settings", "stages")
MOST_COLUMNS = 500
LONGEST_HEADER = 200
_TEXT_COLUMNS = ("label", "hint", "guidance", "constraint", "required_message", "title", "caption")


def read_book(content: bytes, found: Found) -> Book | None:
    """The sheets survey, choices, settings and stages; None where the file cannot be read."""
    try:
        merged = check(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl, about what it leaves out of styles
            return _read(content, merged, found)
    except Unreadable as error:
        found.error(None, None, None, str(error))
    except Exception as error:  # openpyxl raises anything on a damaged part
        found.error(None, None, None, f"cannot be read as .xlsx: {type(error).__name__}: {error}")
    return None


def _read(content: bytes, merged: dict[str, list[str]], found: Found) -> Book:
    workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    cached: Any = None
    book: Book = {}
    for worksheet in workbook.worksheets:
        name = worksheet.title.strip().lower()
        if name not in KNOWN:
            _report_other(worksheet.title, found)
            continue
        for area in merged.get(str(getattr(worksheet, "_worksheet_path", "")).lstrip("/"), []):
            cause = f"the cells {area} are merged: only the first of them holds its text"
            found.warning(name, None, None, cause)
        reader = _SheetReader(name, found)
        sheet = reader.read(worksheet)
        if reader.formulas:
            cached = cached or openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            reader.fill(sheet, cached[worksheet.title])
        book[name] = sheet
    return book


def _report_other(title: str, found: Found) -> None:
    known = {"external_choices", "osm"}
    if title.strip().lower() in known:
        found.error(title, None, None, f"the sheet {title} cannot be carried")
    else:
        found.warning(title, None, None, f"the sheet {title} is not read")


class _SheetReader:
    def __init__(self, name: str, found: Found) -> None:
        self._name = name
        self._found = found
        self._columns: list[tuple[int, str]] = []
        self.formulas: list[tuple[int, int, str]] = []

    def read(self, worksheet: Any) -> Sheet:
        rows = enumerate(worksheet.iter_rows(), start=1)
        sheet = Sheet(self._name)
        for number, cells in rows:
            if any(cell.value is not None and str(cell.value).strip() for cell in cells):
                sheet.headers = self._headers(number, cells)
                break
        for number, cells in rows:
            line = Line(number, dict(self._texts(number, cells)))
            if line.cells:
                sheet.lines.append(line)
            if len(sheet.lines) > MOST_ROWS:
                raise Unreadable(f"has more than {MOST_ROWS:,} rows in the sheet {self._name}")
        return sheet

    def fill(self, sheet: Sheet, worksheet: Any) -> None:
        """The values that formulas had when the workbook was saved."""
        lines = {line.number: line for line in sheet.lines}
        wanted = {(row, column): header for row, column, header in self.formulas}
        last = max(row for row, _ in wanted)
        for number, cells in enumerate(worksheet.iter_rows(max_row=last), start=1):
            for place, cell in enumerate(cells):
                header = wanted.get((number, place))
                if header is None:
                    continue
                if cell.value is None:
                    cause = "holds a formula whose value is not saved: put the value itself there"
                    self._found.error(self._name, number, header, cause)
                elif number in lines:
                    lines[number].cells[header] = str(_text(cell.value))
                else:
                    line = lines[number] = Line(number, {header: str(_text(cell.value))})
                    sheet.lines.append(line)
        sheet.lines.sort(key=lambda line: line.number)

    def _headers(self, number: int, cells: Any) -> list[str]:
        if len(cells) > MOST_COLUMNS:
            filled = sum(1 for cell in cells if cell.value is not None)
            if filled > MOST_COLUMNS:
                raise Unreadable(f"has more than {MOST_COLUMNS} columns in the sheet {self._name}")
        seen: set[str] = set()
        for place, cell in enumerate(cells):
            header = unicodedata.normalize("NFC", str(cell.value or "")).strip()
            if not header:
                continue
            if len(header) > LONGEST_HEADER:
                cause = f"the header {header[:40]!r}… is longer than {LONGEST_HEADER} characters"
                self._found.error(self._name, number, get_column_letter(place + 1), cause)
                continue
            if header in seen:
                cause = f"the column {header} is there twice"
                self._found.error(self._name, number, get_column_letter(place + 1), cause)
                continue
            seen.add(header)
            self._columns.append((place, header))
        return [header for _, header in self._columns]

    def _texts(self, number: int, cells: Any) -> Iterator[tuple[str, str]]:
        for place, header in self._columns:
            cell = cells[place] if place < len(cells) else None
            if cell is None or cell.value is None:
                continue
            if cell.data_type == "f":
                self.formulas.append((number, place, header))
                continue
            if cell.data_type == "e":
                self._found.error(self._name, number, header, f"holds the error {cell.value}")
                continue
            text = _text(cell.value)
            if isinstance(cell.value, date | time) and header.lower() in ("name", "type", "value"):
                cause = f"is a date to the spreadsheet ({text}): format the cell as text"
                self._found.error(self._name, number, header, cause)
            if not header.lower().startswith(_TEXT_COLUMNS):
                text = text.strip()
            if text.strip():
                yield header, text


def _text(value: object) -> str:
    """A cell as its author sees it, whatever the spreadsheet made of it."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)
        case datetime():
            whole = value.time() == time(0)
            return value.date().isoformat() if whole else value.isoformat()
        case date() | time():
            return value.isoformat()
    return str(value)
