"""The wall clock of a process that is told so is off, and its monotonic clock is not."""

import subprocess
import sys

CHILD = """
import time
from datetime import UTC, datetime
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from tests.faults.sabotaged import Clock

clock = Clock()
clock.install()
clock.off_s = -300.0
real, steady = datetime.now(UTC), time.monotonic()
print((real - now()).total_seconds(), real.timestamp() - time.time())
print(int(real.timestamp() * 1000) - int(new_id()[:12], 16))
assert now().tzinfo is UTC and now().microsecond % 1000 == 0
assert time.monotonic() - steady < 60
"""


def test_a_shifted_clock_is_asked_by_everything_that_asks_for_the_time() -> None:
    said = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True
    ).stdout.split()
    assert all(abs(float(each) - 300) < 5 for each in said[:2])
    assert abs(float(said[2]) - 300_000) < 5_000
