"""The points are where the product's work passes, and a process dies exactly there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.control import Control, Orders
from tests.faults.points import POINTS, Armed

CHILD = """
import asyncio, sys
from pathlib import Path
from tests.faults.control import Control
from tests.faults.points import Armed, Point
from incognita_shared.mongo import pending

control = Control(Path(sys.argv[1]))
point = Point("incognita_shared.mongo.pending", "bucket_of", sys.argv[2])
Armed(point, 2, lambda: control.reached("there"))
print("passed", pending.bucket_of("first"), flush=True)
print("passed", pending.bucket_of("second"), flush=True)
"""


@pytest.mark.parametrize("name", POINTS)
def test_the_point_is_in_the_product_and_can_be_armed_and_disarmed(name: str) -> None:
    from tests.faults.points import _place

    owner, method = _place(POINTS[name])
    own = getattr(owner, method)
    armed = Armed(POINTS[name], 1, lambda: None)
    assert getattr(owner, method) is not own
    armed.undo()
    assert getattr(owner, method) is own


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_kills_itself_at_the_nth_passing_and_says_where(
    tmp_path: Path, when: str
) -> None:
    control = Control(tmp_path / "one.json")
    control.clear()
    control.arm("there", 2)
    command = [sys.executable, "-c", CHILD, str(control.path), when]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert ended.stdout.count("passed") == 1
    assert control.deaths == ["there"]
    assert control.read().point is None, "it would die again after its restart"


def test_orders_are_kept_apart(tmp_path: Path) -> None:
    control = Control(tmp_path / "one.json")
    control.clear()
    assert control.read() == Orders()
    control.shift_clock(-120)
    control.arm("somewhere", 3)
    assert control.read() == Orders("somewhere", 3, clock_s=-120)
    control.disarm()
    assert control.read() == Orders(clock_s=-120)
