"""Waits until nothing moves any more, then lets the operator's own checker read everything."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from incognita_shared.settings import NAMESPACE
from incognitactl.connections import Settings, connected
from incognitactl.verify import Known, Verdict, settled, verify

LOOK_EVERY_S = 0.5


@contextmanager
def in_namespace(namespace: str) -> Iterator[None]:
    """Let this process name topics, databases and buckets as the run's services do."""
    before = os.environ.get(NAMESPACE)
    os.environ[NAMESPACE] = namespace
    try:
        yield
    finally:
        if before is None:
            del os.environ[NAMESPACE]
        else:
            os.environ[NAMESPACE] = before


async def until_settled(
    environment: Mapping[str, str], *, within_s: float, say: Callable[[str], None]
) -> tuple[float, list[str]]:
    """When (``time.monotonic()``) nothing moved any more, and what still did when time was up."""
    deadline, told = time.monotonic() + within_s, 0.0
    async with connected(Settings.of(environment)) as connections:
        while True:
            moving = await settled(connections)
            moment = time.monotonic()
            if not moving or moment > deadline:
                return moment, moving
            if moment - told > 5:
                say(f"waiting for: {'; '.join(moving)[:200]}")
                told = moment
            await asyncio.sleep(LOOK_EVERY_S)


async def until_delivered(environment: Mapping[str, str], *, within_s: float) -> None:
    """Wait for deliveries that are tried again because the receiver would not have them."""
    deadline = time.monotonic() + within_s
    async with connected(Settings.of(environment)) as connections:
        deliveries = connections.databases["notification"]["deliveries"]
        while time.monotonic() < deadline:
            if not await deliveries.count_documents({"next_attempt_at": {"$exists": True}}):
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def check(environment: Mapping[str, str], known: Known) -> Verdict:
    """Read every store and every topic from offset 0."""
    async with connected(Settings.of(environment)) as connections:
        return await verify(connections, known=known)
