"""Sends what is due for one subscription: several at once while the receiver keeps up.

Each subscription has its own lane and window, so that a slow receiver holds up nobody else. The
window opens with each success and falls to one with each failure.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import PyMongoError

from incognita_notification.attempts import Attempt, Verdict
from incognita_notification.deliveries import after_attempt
from incognita_notification.repository.queue import Queue
from incognita_shared.clock import now

FIRST_WINDOW = 4
ENDED = "the subscription has ended"
log = logging.getLogger(__name__)
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how long is tried."""

    delays_s: Sequence[float]
    most_each: int
    poll_s: float
    disable_after: timedelta


class Room:
    """How many attempts of all lanes together may be under way."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, wanted: int) -> int:
        """As many of the wanted places as are free."""
        taken = max(0, min(wanted, self._left))
        self._left -= taken
        return taken

    def give_back(self, places: int) -> None:
        """They are free again."""
        self._left += places


class Lane:
    """The deliveries of one subscription, in this process."""

    def __init__(
        self,
        subscription_id: str,
        *,
        queue: Queue,
        attempt: Callable[[Document, Document], Awaitable[Attempt]],
        pace: Pace,
        room: Room,
    ) -> None:
        self._id = subscription_id
        self._queue = queue
        self._attempt = attempt
        self._pace = pace
        self._room = room
        self._window = min(FIRST_WINDOW, pace.most_each)
        self._under_way: set[asyncio.Task[None]] = set()
        self.held_until: datetime | None = None
        """The receiver asked by ``Retry-After`` to be left alone until then."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until nothing is due any more, the receiver asks for a pause, or ``stop`` is set."""
        try:
            await self._keep_up(stop)
            while self._under_way:
                await self._wait()
        finally:
            for task in self._under_way:  # the lease runs out, another sender takes over
                task.cancel()
            self._room.give_back(len(self._under_way))

    async def _keep_up(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and self.held_until is None and await self._start_due():
                await self._wait()
        except PyMongoError as error:  # what is under way may still end well
            log.warning("a lane lost the store", extra={"error": str(error)[:300]})

    async def _start_due(self) -> bool:
        """Begin with as many as there is room for. False when nothing is under way then."""
        wanted = self._window - len(self._under_way)
        if wanted <= 0 or wanted < self._window // 2:
            return True  # a claim is a write: worth it for half a window at least
        places, claimed = self._room.take(wanted), 0
        try:
            if places:
                claimed = await self._claim(places)
        finally:
            self._room.give_back(places - claimed)
        return bool(self._under_way)

    async def _claim(self, places: int) -> int:
        subscription = await self._queue.find_subscription(self._id)
        if subscription is None or not subscription["active"]:
            reason = (subscription or {}).get("disabled_reason") or ENDED
            await self._queue.cancel_waiting(self._id, reason, now())
            return 0
        claimed = await self._queue.claim(self._id, places, now())
        for delivery in claimed:
            self._under_way.add(asyncio.create_task(self._deliver(delivery, subscription)))
        return len(claimed)

    async def _wait(self) -> None:
        done, self._under_way = await asyncio.wait(
            self._under_way, timeout=self._pace.poll_s, return_when=asyncio.FIRST_COMPLETED
        )
        self._room.give_back(len(done))
        for task in done:
            error = task.exception()
            if isinstance(error, PyMongoError):
                log.warning("an attempt was not recorded", extra={"error": str(error)[:300]})
            elif error is not None:
                log.error("an attempt was not recorded", exc_info=error)

    async def _deliver(self, delivery: Document, subscription: Document) -> None:
        try:
            attempt = await self._attempt(delivery, subscription)
        except Exception as error:  # a fault of ours must use attempts up like any other
            log.exception("an attempt broke off")
            attempt = Attempt(
                Verdict.FAILED, at=now(), duration_ms=0, error=f"internal: {type(error).__name__}"
            )
        moment = now()
        outcome = after_attempt(delivery, attempt, self._pace.delays_s, moment)
        await self._queue.record(delivery, outcome, attempt.trace or delivery["trace"])
        self._learn(attempt, moment)
        await self._note_health(attempt, subscription, moment)

    def _learn(self, attempt: Attempt, moment: datetime) -> None:
        succeeded = attempt.verdict is Verdict.DELIVERED
        self._window = min(self._window * 2, self._pace.most_each) if succeeded else 1
        if attempt.retry_after_s:
            self.held_until = moment + timedelta(seconds=attempt.retry_after_s)

    async def _note_health(
        self, attempt: Attempt, subscription: Document, moment: datetime
    ) -> None:
        since = subscription["failing_since"]
        if attempt.verdict is Verdict.DELIVERED:
            if since is not None:
                await self._queue.note_health(self._id, None)
        elif attempt.verdict is Verdict.GONE:
            await self._queue.disable(self._id, "the receiver answered 410 Gone", moment)
        elif since is None:
            await self._queue.note_health(self._id, moment)
        elif moment - since > self._pace.disable_after:
            reason = f"every attempt has failed since {since:%Y-%m-%d %H:%M} UTC"
            await self._queue.disable(self._id, reason, moment)
