"""Virtual time behind ``time.monotonic`` and ``clock.now``, with each process's own error."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from incognita_shared import clock
from tests.simulation.loop import PROCESS, STARTED, SimulatedLoop

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def virtual_time(loop: SimulatedLoop, seed: int) -> Iterator[None]:
    """Inside, all that asks for the time or for jitter gets it from the run alone."""
    monotonic, state = time.monotonic, random.getstate()
    place: Any = clock
    moments = place.datetime

    class Moments(datetime):
        """What ``clock.now`` reads: the wall clock of the process that asks."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            process = PROCESS.get(loop.world)
            return BEGINNING + timedelta(seconds=loop.time() - STARTED + process.skew_s)

    random.seed(seed)
    time.monotonic = loop.time
    place.datetime = Moments
    try:
        yield
    finally:
        time.monotonic = monotonic
        place.datetime = moments
        random.setstate(state)
