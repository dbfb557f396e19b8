"""Child processes that never outlive their owner's interest: start, watch, stop, restart."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from incognita_local.errors import LocalError
from incognita_local.pids import ProcessId

KEPT_LOG_BYTES = 5_000_000


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log file, for an error message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-count:]) or "(the log is empty)"


def rotate(path: Path) -> None:
    """Keep one older log; called before a start, so a log file holds few runs."""
    if path.exists() and path.stat().st_size > KEPT_LOG_BYTES:
        path.replace(path.with_suffix(path.suffix + ".1"))


class Process:
    """One child process in a session of its own, its output appended to a log file.

    `env` is added to this process's environment. As a context manager it stops on the way out.
    `stop` is meant (a supervisor leaves the process stopped); `kill` is a crash (it restarts it).
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        log_path: Path | None = None,
        *,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.argv = [str(part) for part in argv]
        self.env = dict(env or {})
        self.log_path = log_path or Path(os.devnull)
        self.cwd = cwd
        self.wanted = False
        self.started_at = 0.0  # time.monotonic()
        self._child: subprocess.Popen[bytes] | None = None
        self._id: ProcessId | None = None

    def start(self) -> Self:
        """Raises LocalError when the program can't be run; does nothing when it runs already."""
        if self.alive:
            return self
        if self.log_path != Path(os.devnull):
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            rotate(self.log_path)
        try:
            with self.log_path.open("ab") as log:
                self._child = subprocess.Popen(
                    self.argv,
                    env={**os.environ, **self.env},
                    cwd=self.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
                )
        except OSError as error:
            raise LocalError(f"{self.name} can't be started ({self.argv[0]}): {error}") from error
        self._id = ProcessId.of(self._child.pid)
        self.wanted = True
        self.started_at = time.monotonic()
        return self

    @property
    def id(self) -> ProcessId | None:
        """The identity of the last start, kept after its end."""
        return self._id

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def returncode(self) -> int | None:
        """Exit status of the last run (negative: the signal), None while it runs."""
        return self._child.poll() if self._child else None

    def stop(self, timeout_s: float = 10) -> bool:
        """SIGTERM, then SIGKILL to its whole session. True when the first was enough."""
        self.wanted = False
        if self._child is None:
            return True
        if self._child.poll() is None:
            self._child.terminate()
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._kill_session()
            return False
        return True

    def release(self) -> None:
        """Let it outlive this object and this program; from here on its record is its handle."""
        self.wanted = False
        if self._child is not None:
            self._child.returncode = 0  # Popen warns of a child it believes to be running
            self._child = None

    def kill(self) -> None:
        """SIGKILL at once, as a crash would; `wanted` stays, so a supervisor starts it again."""
        self._kill_session()

    def _kill_session(self) -> None:
        if self._child is None or self._child.poll() is not None:
            return  # reaped: the number may belong to somebody else by now
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def memory_bytes(self) -> int:
        """Resident memory, 0 when it does not run."""
        return self._id.memory_bytes() if self._id and self.alive else 0

    def log_tail(self, lines: int = 15) -> str:
        return last_lines(self.log_path, lines)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
