"""Drives work over a number of connections: as fast as it goes, or at a fixed rate."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
Do = Callable[[int, T], Awaitable[int]]
"""Connection number and piece of work → status."""


@dataclass(slots=True)
class Outcome:
    """``seconds``: the duration of each accepted piece, from when it was due."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def accepted(self) -> int:
        """Pieces that were answered by 200."""
        return self.statuses[200]

    def milliseconds(self, share: float) -> float:
        """The quantile of the durations: ``share`` 0.5 is the median."""
        ordered = sorted(self.seconds) or [0.0]
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def drive(
    work: Sequence[T], do: Do[T], *, connections: int, per_s: float | None = None
) -> Outcome:
    """Do all the work, each connection one piece at a time; with ``per_s``, each when it is due.

    At a fixed rate a piece's duration counts from its due time, so that a stall is not hidden by
    the client's waiting for it.
    """
    outcome = Outcome()
    pieces = iter(enumerate(work))
    began = time.perf_counter()

    async def one(connection: int) -> None:
        for number, piece in pieces:
            due = began + number / per_s if per_s else time.perf_counter()
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            try:
                status = await do(connection, piece)
            except (OSError, TimeoutError):
                status = 0
            outcome.statuses[status] += 1
            if status == 200:
                outcome.seconds.append(time.perf_counter() - due)

    await asyncio.gather(*(one(number) for number in range(connections)))
    outcome.took_s = time.perf_counter() - began
    return outcome
