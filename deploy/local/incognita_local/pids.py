"""Which process a number means: a pid is trusted only together with its start time.

Linux hands pids out again. A record of (pid, start ticks, boot id) names one process for ever,
and a pidfd keeps meaning that process between the check and the signal.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def boot_id() -> str:
    """An id of this boot of the machine; start ticks count from it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on, or None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()  # the command name may hold spaces and brackets


@dataclass(frozen=True)
class ProcessId:
    """One process, told apart from every other that ever has the same pid."""

    pid: int
    start_ticks: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The identity of a running process, or None when it is gone."""
        fields = _stat(pid)
        return None if fields is None else cls(pid, int(fields[19]), boot_id())

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ProcessId:
        """Raises KeyError, TypeError or ValueError when the record is not one of ours."""
        return cls(int(value["pid"]), int(value["start_ticks"]), str(value["boot"]))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def alive(self) -> bool:
        """True while exactly this process runs; a zombie does not."""
        fields = _stat(self.pid)
        return (
            fields is not None
            and fields[0] not in "ZX"
            and int(fields[19]) == self.start_ticks
            and boot_id() == self.boot
        )

    @property
    def uptime_s(self) -> float:
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return max(0.0, uptime - self.start_ticks / _TICKS_PER_S)

    def memory_bytes(self) -> int:
        """Resident memory, 0 when the process is gone."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE") if self.alive else 0

    def send(self, number: signal.Signals) -> bool:
        """Signal exactly this process. False when it is gone already."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive:
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def wait(self, timeout_s: float) -> bool:
        """True when the process has ended within the time."""
        deadline = time.monotonic() + timeout_s
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            while self.alive:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                # a zombie makes the pidfd readable too, so a parent that does not reap is no trap
                select.select([handle], [], [], min(left, 0.5))
        finally:
            os.close(handle)
        return True

    def stop(self, timeout_s: float) -> bool:
        """Ask it to end, then force it. True when asking was enough."""
        asked = not self.send(signal.SIGTERM) or self.wait(timeout_s)
        if not asked:
            self.send(signal.SIGKILL)
            self.wait(10)
        self._reap()
        return asked

    def _reap(self) -> None:
        fields = _stat(self.pid)
        if fields is None or fields[0] != "Z" or int(fields[1]) != os.getpid():
            return  # gone, or another program's child
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
