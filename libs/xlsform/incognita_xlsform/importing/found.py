"""Gathers what is found while a workbook is read."""

from incognita_xlsform.problems import Problem, Severity

MOST_PROBLEMS = 1_000


class Found:
    """Problems in the order in which they are met, each once; at most 1,000 of them."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self.left_out = 0

    def error(self, sheet: str | None, row: int | None, column: str | None, cause: str) -> None:
        """Something that refuses the workbook."""
        self._add(Problem(sheet, row, column, cause))

    def warning(self, sheet: str | None, row: int | None, column: str | None, cause: str) -> None:
        """Something that is not carried, and is no question, skip, constraint, list or language."""
        self._add(Problem(sheet, row, column, cause, Severity.WARNING))

    def _add(self, problem: Problem) -> None:
        most = MOST_PROBLEMS if problem.severity is Severity.WARNING else 2 * MOST_PROBLEMS
        if len(self._problems) < most:
            self._problems.setdefault(problem)
        else:
            self.left_out += 1

    @property
    def refused(self) -> bool:
        """Whether there is an error among them."""
        return any(problem.severity is Severity.ERROR for problem in self._problems)

    @property
    def problems(self) -> list[Problem]:
        """All of them; errors first, then by sheet and row."""
        found = sorted(self._problems, key=_place)
        if self.left_out:
            cause = f"{self.left_out} more findings are not shown"
            found.append(Problem(None, None, None, cause, Severity.WARNING))
        return found


def _place(problem: Problem) -> tuple[bool, str, int]:
    return problem.severity is not Severity.ERROR, problem.sheet or "", problem.row or 0
