"""The background task that sends: it finds out for whom something is due and runs their lanes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import PyMongoError

from incognita_notification.attempts import Attempt
from incognita_notification.dispatch import Dispatcher
from incognita_notification.lane import Lane, Pace, Room
from incognita_notification.mail.channel import MailChannel
from incognita_notification.repository.queue import Queue
from incognita_notification.settings import NotificationSettings
from incognita_notification.webhooks import WebhookChannel, webhook_client
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.waiting import first_of

NAME = "sender"
LAST_ATTEMPTS_S = 5.0
BACKOFF_MOST_S = 10.0
log = logging.getLogger(__name__)


class Sender:
    """The sender of one process; any number of them share the queue."""

    def __init__(
        self,
        queue: Queue,
        attempt: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Attempt]],
        *,
        settings: NotificationSettings,
        health: Health,
    ) -> None:
        self._queue = queue
        self._attempt = attempt
        self._health = health
        self._poll_s = settings.poll_s
        self._pace = Pace(
            delays_s=settings.retry_delays_s,
            most_each=settings.max_sending_each,
            poll_s=settings.poll_s,
            usable_s=settings.lease_s - 1.2 * settings.timeout_s,
            disable_after=timedelta(days=settings.disable_after_days),
        )
        self._room = Room(settings.max_sending)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, datetime] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have become due: look now."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; then attempts under way get five seconds to end."""
        self._health.expect(NAME, within_s=30)
        pause = self._poll_s
        while not stop.is_set():
            self._woken.clear()
            try:
                await self._start_lanes(stop)
                self._health.beat(NAME)
                pause = self._poll_s
            except PyMongoError as error:
                log.warning("sender waits for the store", extra={"error": str(error)[:300]})
                pause = min(pause * 2, BACKOFF_MOST_S)
            await first_of(self._woken, stop, within_s=pause)
        await self._finish()

    async def _start_lanes(self, stop: asyncio.Event) -> None:
        moment = now()
        self._held = {key: until for key, until in self._held.items() if until > moment}
        for subscription_id in await self._queue.due_subscriptions(moment):
            if subscription_id not in self._lanes and subscription_id not in self._held:
                task = asyncio.create_task(self._run_lane(subscription_id, stop))
                self._lanes[subscription_id] = task

    async def _run_lane(self, subscription_id: str, stop: asyncio.Event) -> None:
        lane = Lane(
            subscription_id,
            queue=self._queue,
            attempt=self._attempt,
            pace=self._pace,
            room=self._room,
        )
        try:
            await lane.run(stop)
        finally:
            if lane.held_until is not None:
                self._held[subscription_id] = lane.held_until
            del self._lanes[subscription_id]

    async def _finish(self) -> None:
        lanes = list(self._lanes.values())
        if not lanes:
            return
        _, late = await asyncio.wait(lanes, timeout=LAST_ATTEMPTS_S)
        for task in late:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*late, return_exceptions=True)


@asynccontextmanager
async def made_sender(
    db: Database, settings: NotificationSettings, health: Health
) -> AsyncIterator[Sender]:
    """A sender with both channels; its connections are closed at the end."""
    queue = Queue(db, lease_s=settings.lease_s)
    async with webhook_client(
        allow_private=settings.allow_private_targets,
        max_connections=settings.max_sending,
    ) as client:
        webhooks = WebhookChannel(
            client, timeout_s=settings.timeout_s, allow_private=settings.allow_private_targets
        )
        server = settings.mail_server()
        dispatcher = Dispatcher(
            queue,
            webhooks=webhooks,
            mail=MailChannel(server) if server else None,
            seal=settings.seal(),
        )
        yield Sender(queue, dispatcher.attempt, settings=settings, health=health)
