"""The column ``ms_exact``: what a cell means exactly, where its own words would lose some of it.

JSON: column → {"cell": its text, "is": the value}. A cell that its author has changed since then
means what it says.
"""

import json
from typing import Any

from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row

COLUMN = "ms_exact"


def exact_cell(values: dict[str, dict[str, Any]]) -> str:
    """The cell's text."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


class Exact:
    """Reads the cell of one row."""

    def __init__(self, row: Row, found: Found) -> None:
        self._row = row
        self._values: dict[str, Any] = {}
        text = row.get(COLUMN)
        if not text:
            return
        try:
            values = json.loads(text)
            self._values = {
                column: (value["cell"], value["is"]) for column, value in values.items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            cause = "cannot be read: it is written by the export, delete the cell if in doubt"
            found.error("survey", row.number, COLUMN, cause)

    def has(self, column: str) -> bool:
        """Whether the column's cell is still as it was written."""
        return column in self._values and self._values[column][0] == self._row.get(column)

    def value(self, column: str) -> Any:
        """What the cell means."""
        return self._values[column][1]
