"""Keeps processes running: one that dies is reported and started again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from incognita_local.errors import LocalError
from incognita_local.processes import Process

log = logging.getLogger(__name__)
LONGEST_PAUSE_S = 10.0
HEALTHY_AFTER_S = 30.0


@dataclass(frozen=True)
class ProcessExit:
    """An end nobody asked for. `returncode` is negative for a signal; `restarts` so far."""

    name: str
    pid: int | None
    returncode: int | None
    restarts: int
    log_tail: str


class Supervisor:
    """`with Supervisor(processes, on_exit=report):` starts them all and stops them all.

    A process that ended without `stop()` is reported to `on_exit` (in the supervisor's thread)
    and started again, after a pause that doubles while it keeps dying. Entering raises
    LocalError when one can't be started; then none stays running.
    """

    def __init__(
        self,
        processes: Iterable[Process],
        *,
        on_exit: Callable[[ProcessExit], None] | None = None,
        pause_s: float = 0.5,
        stop_timeout_s: float = 15.0,
    ) -> None:
        self.processes = {process.name: process for process in processes}
        self.restarts = dict.fromkeys(self.processes, 0)
        self._on_exit = on_exit or _log_exit
        self._pause_s = pause_s
        self._stop_timeout_s = stop_timeout_s
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def __enter__(self) -> Self:
        try:
            for process in self.processes.values():
                process.start()
        except BaseException:
            self._stop_processes()
            raise
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._watcher.join()
        self._stop_processes()

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory by process name."""
        return {name: process.memory_bytes() for name, process in self.processes.items()}

    def _stop_processes(self) -> None:
        running = list(self.processes.values())
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            list(pool.map(lambda process: process.stop(self._stop_timeout_s), running))

    def _watch(self) -> None:
        while not self._ending.wait(0.1):
            for name, process in self.processes.items():
                if process.wanted and not process.alive:
                    self._revive(name, process)

    def _revive(self, name: str, process: Process) -> None:
        now = time.monotonic()
        if name not in self._due:
            self._report(name, process)
            lived_s = now - process.started_at
            pause_s = self._pause_s if lived_s > HEALTHY_AFTER_S else self._pauses.get(name, 0.0)
            self._due[name] = now + pause_s
            self._pauses[name] = min(LONGEST_PAUSE_S, max(self._pause_s, pause_s * 2))
        if now < self._due[name]:
            return
        del self._due[name]
        self.restarts[name] += 1
        try:
            process.start()
        except LocalError:
            log.exception("%s can't be started again", name)

    def _report(self, name: str, process: Process) -> None:
        report = ProcessExit(
            name, process.pid, process.returncode, self.restarts[name], process.log_tail()
        )
        try:
            self._on_exit(report)
        except Exception:  # a failing report must not end the supervision
            log.exception("the report of an ended process failed")


def _log_exit(exit_: ProcessExit) -> None:
    log.warning(
        "%s (pid %s) ended with status %s, starting it again",
        exit_.name,
        exit_.pid,
        exit_.returncode,
    )
