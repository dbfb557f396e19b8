"""Children are started, told apart, stopped, restarted, and never left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from incognita_local.errors import LocalError
from incognita_local.pids import ProcessId
from incognita_local.processes import Process
from incognita_local.supervisor import ProcessExit, Supervisor

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
DEAF_SLEEPS = [sys.executable, "-c", DEAF + "; time.sleep(60)"]


def eventually(holds: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_up(process: Process) -> bool:
    return "up" in process.log_tail()


def test_a_process_runs_logs_and_stops(tmp_path: Path) -> None:
    with Process("sleeper", SLEEPS, {"GREETING": "hello"}, tmp_path / "log") as process:
        eventually(lambda: is_up(process))
        assert process.alive
        assert process.memory_bytes() > 1_000_000
    assert not process.alive
    assert process.memory_bytes() == 0
    assert process.returncode == -signal.SIGTERM


def test_a_process_that_ignores_the_signal_is_forced(tmp_path: Path) -> None:
    process = Process("deaf", DEAF_SLEEPS, log_path=tmp_path / "log").start()
    eventually(lambda: is_up(process))
    assert process.stop(timeout_s=0.3) is False
    assert process.returncode == -signal.SIGKILL


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LocalError, match=r"ghost can't be started \(/no/such\)"):
        Process("ghost", ["/no/such"]).start()


def test_a_process_is_stopped_when_its_block_fails() -> None:
    process = Process("sleeper", SLEEPS)
    with pytest.raises(RuntimeError), process:
        raise RuntimeError
    assert not process.alive


def test_a_recycled_pid_is_never_signalled() -> None:
    with Process("stranger", SLEEPS) as stranger:
        assert stranger.id
        recycled = replace(stranger.id, start_ticks=stranger.id.start_ticks - 1)
        other_boot = replace(stranger.id, boot="an earlier boot")
        for record in (recycled, other_boot):
            assert not record.alive
            assert record.send(signal.SIGKILL) is False
            assert record.stop(1) is True
        assert stranger.alive


def test_a_pid_without_a_process_is_dead() -> None:
    with Process("sleeper", SLEEPS) as process:
        gone = process.id
    assert gone
    assert not gone.alive
    assert gone.stop(1)
    assert ProcessId.of(gone.pid) is None


def test_an_adopted_process_is_stopped_by_its_record(tmp_path: Path) -> None:
    process = Process("deaf", DEAF_SLEEPS, log_path=tmp_path / "log").start()
    eventually(lambda: is_up(process))
    assert process.id
    assert process.id.stop(timeout_s=0.3) is False  # it had to be killed
    assert not process.alive


def test_a_supervisor_restarts_what_died_and_reports_it() -> None:
    reports: list[ProcessExit] = []
    with Supervisor([Process("sleeper", SLEEPS)], on_exit=reports.append) as supervisor:
        first = supervisor["sleeper"].pid
        assert first
        os.kill(first, signal.SIGKILL)
        eventually(lambda: supervisor["sleeper"].alive and supervisor["sleeper"].pid != first)
        second = supervisor["sleeper"].pid
    assert [(r.name, r.pid, r.returncode) for r in reports] == [("sleeper", first, -9)]
    assert second
    assert ProcessId.of(second) is None


def test_a_supervisor_leaves_a_stopped_process_stopped() -> None:
    with Supervisor([Process("sleeper", SLEEPS)]) as supervisor:
        supervisor["sleeper"].stop()
        time.sleep(0.5)
        assert not supervisor["sleeper"].alive
        assert supervisor.restarts == {"sleeper": 0}


def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly() -> None:
    reports: list[ProcessExit] = []
    dies = Process("dies", [sys.executable, "-c", "raise SystemExit(7)"])
    with Supervisor([dies], on_exit=reports.append, pause_s=0.2):
        time.sleep(2)
    assert {r.returncode for r in reports} == {7}
    assert 2 <= len(reports) <= 6


def test_a_supervisor_stops_everything_when_one_cannot_start() -> None:
    good = Process("good", SLEEPS)
    supervisor = Supervisor([good, Process("ghost", ["/no/such"])])
    with pytest.raises(LocalError, match="ghost"), supervisor:
        pytest.fail("entered")
    assert not good.alive


def test_a_supervisor_stops_everything_when_its_block_fails() -> None:
    good = Process("good", SLEEPS)
    with pytest.raises(RuntimeError), Supervisor([good]):
        raise RuntimeError
    assert not good.alive
