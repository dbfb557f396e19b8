"""What is being done and how long it will take: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from incognita_local.errors import LocalError

LINE_EVERY_S = 10.0
TOO_EARLY = 0.05  # of the work: no rate to extrapolate yet


class Task:
    """One piece of work; several run side by side, each in its own thread."""

    def __init__(self, display: Display, title: str, expected_s: float) -> None:
        self.title = title
        self._display = display
        self._expected_s = expected_s
        self._begun = time.monotonic()
        self._said_at = self._begun
        self._bar = display.add_bar(title)
        self.update(0.0, "starting")

    def update(self, fraction: float, doing: str) -> None:
        """Report. Raises LocalError when the whole run was interrupted meanwhile."""
        self._display.goes_on(self.title)
        left = "" if fraction >= 1 else f", about {self._left_s(fraction):.0f} s left"
        now = time.monotonic()
        self._display.move_bar(self._bar, fraction, doing + left)
        if now - self._said_at >= LINE_EVERY_S:
            self._said_at = now
            self._display.line(f"{self.title}: {fraction:.0%}, {doing}{left}")

    def _left_s(self, fraction: float) -> float:
        """Seconds left: by the usual duration at first, by the rate seen once there is one."""
        elapsed = time.monotonic() - self._begun
        by_habit = max(1.0, self._expected_s - elapsed)
        if fraction < TOO_EARLY:
            return by_habit
        by_rate = elapsed / fraction - elapsed
        return by_rate * fraction + by_habit * (1 - fraction)

    def done(self, result: str) -> None:
        took = time.monotonic() - self._begun
        self._display.move_bar(self._bar, 1.0, result)
        self._display.line(f"{self.title}: {result} ({took:.1f} s)")


class Display:
    """Shows tasks and messages; a context manager. `quiet` shows nothing (for tests)."""

    def __init__(self, *, quiet: bool = False, stream_is_terminal: bool | None = None) -> None:
        terminal = sys.stderr.isatty() if stream_is_terminal is None else stream_is_terminal
        self.cancelled = threading.Event()
        self._quiet = quiet
        self._lock = threading.Lock()
        self._bars: Progress | None = None
        if terminal and not quiet:
            self._bars = Progress(
                TextColumn("{task.fields[title]:<22}"),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(stderr=True),
            )

    def task(self, title: str, *, expected_s: float) -> Task:
        return Task(self, title, expected_s)

    def goes_on(self, title: str) -> bool:
        """True. Raises LocalError once the run was interrupted: checked by every waiting loop."""
        if self.cancelled.is_set():
            raise LocalError(f"{title}: interrupted")
        return True

    def say(self, text: str) -> None:
        """A message that has to be read: above the bars, or a line."""
        if self._bars:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            self.line(text)

    def line(self, text: str) -> None:
        """A line of the plain output; nothing when there are bars."""
        if self._bars or self._quiet:
            return
        with self._lock:
            print(text, file=sys.stderr, flush=True)

    def add_bar(self, title: str) -> int | None:
        return self._bars.add_task("", total=1.0, title=title) if self._bars else None

    def move_bar(self, bar: int | None, fraction: float, text: str) -> None:
        if self._bars and bar is not None:
            from rich.progress import TaskID

            self._bars.update(TaskID(bar), completed=min(fraction, 1.0), description=text)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.cancelled.set()
        if self._bars:
            self._bars.stop()
