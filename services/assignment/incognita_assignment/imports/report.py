"""What an import tells its caller."""

from dataclasses import dataclass, field
from enum import StrEnum

MOST_PROBLEMS = 1_000
LONGEST_VALUE = 80


class Severity(StrEnum):
    """An error rejects its row; with a warning the row counts."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """``row`` counts data rows from 1, ``line`` lines of the file; None concerns the whole file."""

    row: int | None
    line: int | None
    field: str
    cause: str
    severity: Severity
    value: str = ""


@dataclass(slots=True)
class Report:
    """Counts are complete; of the problems only the first 1,000 are kept.

    ``rows`` = created + updated + unchanged + rejected. ``closed`` and ``reopened`` count branches,
    by a row of theirs or, for ``close_missing``, by having none.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    closed: int = 0
    reopened: int = 0
    rejected: int = 0
    warnings: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Count a problem; an error with a row counts that row as rejected."""
        if problem.severity is Severity.WARNING:
            self.warnings += 1
        elif problem.row is not None:
            self.rejected += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
