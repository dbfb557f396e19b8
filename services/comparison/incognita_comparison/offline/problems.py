"""What is wrong with the rows of a file: listed, counted, never fatal."""

from dataclasses import dataclass, field

FIRST = 20


class CannotRead(Exception):
    """The whole file, or the way it is asked for, is wrong; the message says how."""


@dataclass(slots=True)
class Problems:
    """``rows``: the first ones, ready to print. ``skipped``: how many rows were left out."""

    rows: list[str] = field(default_factory=list)
    skipped: int = 0
    noted: int = 0

    def skip(self, row: int, column: str, cause: str) -> None:
        """The row is left out. ``row``: as a spreadsheet numbers it, the header being 1."""
        self.skipped += 1
        self.note(row, column, cause)

    def note(self, row: int, column: str, cause: str) -> None:
        """The row is kept."""
        self.noted += 1
        if len(self.rows) < FIRST:
            self.rows.append(f"row {row}, {column}: {cause}")

    def report(self) -> list[str]:
        """Lines for standard error."""
        if not self.noted:
            return []
        more = self.noted - len(self.rows)
        lines = [*self.rows] + ([f"… and {more:,} more"] if more else [])
        return [*lines, f"{self.skipped:,} rows skipped"]
