"""Ends what a killed run would leave behind: its servers and its mounts.

The guard is a process of its own. It reads, a JSON line each, what to look after, and acts when
the pipe closes, which it does however its parent ends.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from incognita_local.pids import ProcessId
from incognita_local.processes import Process

END_WITHIN_S = 30.0


class Guard:
    """`with Guard() as guard:` starts it; on the way out it has acted and is gone."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def process(self, process: Process) -> None:
        """Kill this process, as it runs now, when the run is over."""
        if process.id is not None:
            self._say({"process": process.id.to_json()})

    def mount(self, path: Path) -> None:
        """Unmount this when the run is over."""
        self._say({"mount": str(path)})

    def _say(self, what: dict[str, Any]) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(what).encode() + b"\n")
        self._child.stdin.flush()

    def __enter__(self) -> Self:
        # a session of its own: Ctrl-C in the terminal does not reach it
        self._child = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.communicate(timeout=END_WITHIN_S)


def act(lines: Iterable[str]) -> None:
    """Read until the pipe closes, then kill and unmount."""
    processes: list[ProcessId] = []
    mounts: list[str] = []
    for line in lines:
        said = json.loads(line)
        if "process" in said:
            processes.append(ProcessId.from_json(said["process"]))
        else:
            mounts.append(said["mount"])
    for process in processes:
        process.send(signal.SIGKILL)
    for process in processes:
        process.wait(timeout_s=5)
    for path in mounts:
        # lazily: whoever looks at a file there must not keep it
        argv = ["umount", "--lazy", path]
        subprocess.run(argv, stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    act(sys.stdin)
