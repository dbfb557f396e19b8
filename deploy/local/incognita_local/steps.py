"""Run one outside command of a fetch: its output in a log, its end awaited, its failure told."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from incognita_local.errors import LocalError
from incognita_local.pids import ProcessId
from incognita_local.processes import Process, last_lines
from incognita_local.records import read_json, write_json

PINS = Path(__file__).parent / "pins"
NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Failed to establish a new connection",
    "no such host",
    "connection refused",
    "i/o timeout",
    "Max retries exceeded",
    "Connection refused",
)


def run(
    what: str,
    argv: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    watch: Callable[[], None] = lambda: None,
) -> None:
    """Raises LocalError naming `what`, with the end of its output. `watch` is called meanwhile."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    orphan = log.with_suffix(".pid")
    _end_orphan(orphan)
    with Process(what, argv, env, log) as process:
        if process.id is not None:
            write_json(orphan, process.id.to_json())
        while process.alive:
            watch()
            time.sleep(0.2)
        if process.returncode:
            raise LocalError(_explain(what, process.returncode, log))


def _end_orphan(record: Path) -> None:
    """End the same step of a launcher that was killed; its files are gone on with."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        ProcessId.from_json(read_json(record)).stop(timeout_s=5)


def _explain(what: str, status: int, log: Path) -> str:
    tail = last_lines(log)
    if any(sign in tail for sign in NO_NETWORK):
        return (
            f"{what}: no network to its package registry. What is cached is kept; run it again "
            f"with a network (or a proxy set for pip and go). The end of the output:\n{tail}"
        )
    return f"{what}: the command failed with status {status}:\n{tail}"


def pip(
    what: str,
    arguments: Sequence[str | Path],
    work: Path,
    watch: Callable[[int], None],
) -> None:
    """Run pip; `watch` gets the bytes it has fetched so far. Raises LocalError."""
    scratch = work / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    common = ["--disable-pip-version-check", "--no-input", "--retries", "2", "--require-hashes"]
    argv = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--only-binary", ":all:", *common]
    env = {"TMPDIR": str(scratch), "PIP_ROOT_USER_ACTION": "ignore"}
    run(what, argv, work / "pip.log", env=env, watch=lambda: watch(size(scratch)))


def size(directory: Path) -> int:
    """Bytes of all files below, while others may be writing and deleting there."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total
