"""What is found in a workbook, by sheet, row and column; and what a form cannot say."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error refuses the workbook; a warning says what is not carried, or only as a picture."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``row`` counts from 1 with the headers, as spreadsheets do; None: the sheet.

    ``column`` is the column's header, or its letter where it has none; None: the whole row.
    """

    sheet: str | None
    row: int | None
    column: str | None
    cause: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """One line for a person: ``survey, row 7, relevant: error: …``."""
        place = [self.sheet or "workbook"]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(self.column)
        return f"{', '.join(place)}: {self.severity}: {self.cause}"


class NotExpressible(ValueError):
    """A part of a questionnaire that a form cannot say; the message names the part and why."""
