"""What every file format is read into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_CELL = 10_000
"""Characters in one cell; a longer one makes its row a rejected one."""


class BrokenFile(Exception):
    """The file as a whole can't be read; nothing of it is applied."""

    def __init__(self, cause: str, *, field: str = "file") -> None:
        super().__init__(cause)
        self.field = field
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row as a whole."""

    field: str
    cause: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. ``number`` counts from 1; ``line`` is where it starts in a text file."""

    number: int
    line: int | None
    cells: Mapping[str, str] = field(default_factory=dict)
    """Column → text, as written; a column that the file doesn't have is missing."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Attribute → what the file says, unchecked: a cell's text, or a value of JSON."""
    fault: Fault | None = None
