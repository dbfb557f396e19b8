"""Sends what is due for one subscription: several at once while the receiver keeps up.

Each subscription has its own lane and window, so that a slow receiver holds up nobody else. The
window doubles with each success and falls to one with each failure. Claims run ahead of the sends,
and outcomes are written behind them, so that neither waits for the store.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import PyMongoError

from incognita_notification.attempts import Attempt, Verdict
from incognita_notification.deliveries import after_attempt
from incognita_notification.repository.queue import Queue
from incognita_shared.clock import now

FIRST_WINDOW = 4
CLAIM_WINDOWS = 4
MOST_UNRECORDED = 200
ENDED = "the subscription has ended"
log = logging.getLogger(__name__)
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how long is tried. ``usable_s``: how long after a claim a send may begin."""

    delays_s: Sequence[float]
    most_each: int
    poll_s: float
    usable_s: float
    disable_after: timedelta


class Room:
    """How many attempts of all lanes together may be under way."""

    def __init__(self, most: int) -> None:
        self.left = most


@dataclass(slots=True)
class _Claimed:
    delivery: dict[str, Any]
    subscription: Document
    good_until: float


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
        self._claimed: deque[_Claimed] = deque()
        self._claiming: asyncio.Task[None] | None = None
        self._claim_again_at = 0.0
        self._sending = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._gone = False
        self.held_until: datetime | None = None
        """The receiver asked by ``Retry-After`` to be left alone until then."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until nothing is due any more, the receiver asks for a pause, or ``stop`` is set."""
        try:
            while True:
                self._changed.clear()
                if stop.is_set() or self._gone or self.held_until is not None:
                    await self._give_back()
                else:
                    self._start_claim()
                    self._start_sends()
                if not (self._claiming or self._claimed or self._under_way):
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.poll_s):
                        await self._changed.wait()
        finally:
            for task in self._under_way | ({self._claiming} if self._claiming else set()):
                task.cancel()  # the leases run out, another sender takes over

    def _start_claim(self) -> None:
        free = len(self._under_way) < MOST_UNRECORDED and self._room.left > 0
        early = asyncio.get_running_loop().time() < self._claim_again_at
        if self._claiming or early or not free or len(self._claimed) > self._window // 2:
            return
        trusted = self._window >= min(FIRST_WINDOW, self._pace.most_each)
        wanted = self._window * CLAIM_WINDOWS if trusted else self._window
        self._claiming = asyncio.create_task(self._claim(wanted))

    async def _claim(self, wanted: int) -> None:
        loop, found = asyncio.get_running_loop(), 0
        good_until = loop.time() + self._pace.usable_s
        try:
            subscription = await self._queue.find_subscription(self._id)
            if subscription is None or not subscription["active"]:
                reason = (subscription or {}).get("disabled_reason") or ENDED
                await self._queue.cancel_waiting(self._id, reason, now())
            else:
                claimed = await self._queue.claim(self._id, wanted, now())
                found = len(claimed)
                self._claimed.extend(_Claimed(each, subscription, good_until) for each in claimed)
        except PyMongoError as error:
            log.warning("nothing could be claimed", extra={"error": str(error)[:300]})
        finally:
            if found < wanted:
                self._claim_again_at = loop.time() + self._pace.poll_s
            self._claiming = None
            self._changed.set()

    def _start_sends(self) -> None:
        moment = asyncio.get_running_loop().time()
        while self._claimed and self._sending < self._window and self._room.left > 0:
            claimed = self._claimed.popleft()
            if moment > claimed.good_until:
                continue  # it could outlive its lease: whoever claims it next sends it
            self._sending += 1
            self._room.left -= 1
            task = asyncio.create_task(self._deliver(claimed.delivery, claimed.subscription))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    async def _give_back(self) -> None:
        """Let others, or a later lane, send what was claimed and not begun."""
        unsent = [claimed.delivery for claimed in self._claimed]
        self._claimed.clear()
        if unsent:
            try:
                await self._queue.release(unsent, self.held_until or now())
            except PyMongoError as error:
                log.info("claims left to run out", extra={"error": str(error)[:300]})

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._changed.set()
        error = None if task.cancelled() else task.exception()
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
        finally:
            self._sending -= 1
            self._room.left += 1
            self._changed.set()
        moment = now()
        self._learn(attempt, moment)
        outcome = after_attempt(delivery, attempt, self._pace.delays_s, moment)
        await self._queue.record(delivery, outcome, attempt.trace or delivery["trace"])
        await self._note_health(attempt, subscription, moment)

    def _learn(self, attempt: Attempt, moment: datetime) -> None:
        succeeded = attempt.verdict is Verdict.DELIVERED
        self._window = min(self._window * 2, self._pace.most_each) if succeeded else 1
        self._gone = self._gone or attempt.verdict is Verdict.GONE
        if attempt.retry_after_s:
            self.held_until = moment + timedelta(seconds=attempt.retry_after_s)

    async def _note_health(
        self, attempt: Attempt, subscription: Document, moment: datetime
    ) -> None:
        since = subscription["failing_since"]
        if attempt.verdict is Verdict.DELIVERED:
            if since is not None:
                await self._queue.note_success(self._id)
        elif attempt.verdict is Verdict.GONE:
            await self._queue.disable(self._id, "the receiver answered 410 Gone", moment)
        elif since is None:
            await self._queue.note_failure(self._id, moment)
        elif moment - since > self._pace.disable_after:
            reason = f"every attempt has failed since {since:%Y-%m-%d %H:%M} UTC"
            await self._queue.disable(self._id, reason, moment)
