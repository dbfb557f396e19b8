"""A workbook's sheets as text."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One row that is not empty: its number in the spreadsheet, header → text of filled cells."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Sheet:
    """``headers`` as the workbook writes them, in order; ``lines`` below the headers."""

    name: str
    headers: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


Book = dict[str, Sheet]
"""Name of the sheet, in lower case → sheet."""


def book_of(sheets: dict[str, list[dict[str, str]]], headers: dict[str, list[str]]) -> Book:
    """Rows as ``export.sheets_of`` gives them, as if they had been read."""
    return {
        name: Sheet(
            name,
            headers[name],
            [Line(number, row) for number, row in enumerate(rows, start=2)],
        )
        for name, rows in sheets.items()
    }
