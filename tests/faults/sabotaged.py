"""``python -m tests.faults.sabotaged SERVICE``: a service's ordinary ``main``, watched.

A thread reads the worker's control file: it wraps a method while a point is armed there, and shifts
the wall clock. Protections named in ``FAULTS_WITHOUT`` are taken away before the service starts.
Where nothing is ordered, the service runs exactly as it is.
"""

import contextlib
import ctypes
import datetime as dt
import functools
import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from incognita_shared import clock
from tests.faults.control import CONTROL, Control, Orders
from tests.faults.controls import take_away
from tests.faults.points import POINTS, Armed

LOOK_EVERY_S = 0.05
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Clock:
    """The wall clock of this process, as far off as ordered."""

    def __init__(self) -> None:
        self.off_s = 0.0
        self._time, self._time_ns = time.time, time.time_ns

    def install(self) -> None:
        """Let everything that asks for the time ask this clock."""
        shifted = self

        class Datetime(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> "Datetime":
                """The shifted time."""
                return super().now(tz) + dt.timedelta(seconds=shifted.off_s)

        clock.datetime = Datetime  # type: ignore[attr-defined]
        time.time = lambda: self._time() + self.off_s
        time.time_ns = lambda: self._time_ns() + int(self.off_s * 1e9)


def obey(control: Control, clock_: Clock) -> None:
    """Do what the control file says, for as long as the process lives."""
    done, armed = None, None
    while True:
        orders = control.read()
        if orders != done:
            if armed is not None:
                armed.undo()
            armed = _armed(control, orders)
            clock_.off_s = orders.clock_s
            done = orders
        time.sleep(LOOK_EVERY_S)


def _armed(control: Control, orders: Orders) -> Armed | None:
    if orders.point is None:
        return None
    last_words = functools.partial(control.reached, orders.point)
    return Armed(POINTS[orders.point], orders.nth, last_words, stop=orders.stop)


def die_with_parent() -> None:
    """Let the kernel kill this process, even one that stands still, when its runner is gone."""
    with contextlib.suppress(OSError, AttributeError):  # other systems have no such call
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Run the service named on the command line."""
    die_with_parent()
    service = sys.argv[1]
    clock_ = Clock()
    clock_.install()
    module = importlib.import_module(f"incognita_{service}.main")
    take_away(service)
    control = Control(Path(os.environ[CONTROL]))
    threading.Thread(target=obey, args=(control, clock_), name="control", daemon=True).start()
    module.main()


if __name__ == "__main__":
    main()
