"""How far a rebuild is and what time is left: a bar on a terminal, else a line now and then."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

LINE_EVERY_S = 5.0


class Progress:
    """Counts records. On stderr, for stdout has the outcome."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._started = self._told = time.monotonic()
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True),
            )  # fmt: skip
            self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()
        else:
            self._tell()

    def advance(self, records: int) -> None:
        """So many more are done."""
        self._done += records
        if self._bar:
            self._bar.advance(self._task, records)
        elif time.monotonic() - self._told >= LINE_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        passed = self._told - self._started
        left = (self._total - self._done) * passed / self._done if self._done else 0.0
        sys.stderr.write(
            f"{self._what}: {self._done:,} of {self._total:,} records, "
            f"{passed:.0f} s, about {left:.0f} s left\n"
        )
        sys.stderr.flush()
