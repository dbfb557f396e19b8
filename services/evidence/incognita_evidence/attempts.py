"""Optimistic writes: read, decide, write if nobody was faster, else again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from incognita_evidence.errors import TooBusy

T = TypeVar("T")
MOST_ATTEMPTS = 40
"""Enough for 30 phones' requests on one report at once: in each round one of them gets through."""
PAUSE_S = 0.005


async def until_written(visit_id: str, attempt: Callable[[], Awaitable[T | None]]) -> T:
    """The first result of ``attempt`` other than None, which means that another was faster.

    Raises TooBusy when it never gets through.
    """
    for number in range(MOST_ATTEMPTS):
        result = await attempt()
        if result is not None:
            return result
        await asyncio.sleep(random.uniform(0, PAUSE_S * min(number + 1, 10)))  # noqa: S311
    raise TooBusy(visit_id)
