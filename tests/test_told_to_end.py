"""A test run that is told to end ends what it has started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = """
import asyncio, pathlib, subprocess
import pytest

@pytest.fixture(scope="session")
def service():
    process = subprocess.Popen(["sleep", "120"])
    pathlib.Path("service").write_text(str(process.pid))
    yield process
    process.kill()
    process.wait()

async def test_forever(service):
    await asyncio.sleep(100)
"""


def test_a_run_that_is_terminated_stops_its_services(tmp_path: Path) -> None:
    (tmp_path / "test_run.py").write_text(RUN)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-c", ROOT / "pyproject.toml",
         "--rootdir", tmp_path, "test_run.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/libs/shared/tests"},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    noted = tmp_path / "service"
    try:
        _until(lambda: noted.exists() and noted.read_text() != "")
        service = Path("/proc") / noted.read_text()
        assert service.exists()
        time.sleep(0.5)  # the test is under way
        run.send_signal(signal.SIGTERM)
        run.wait(20)
        _until(lambda: not service.exists())
    finally:
        run.kill()
        run.wait()
        if noted.exists() and Path(f"/proc/{noted.read_text()}").exists():
            os.kill(int(noted.read_text()), signal.SIGKILL)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
