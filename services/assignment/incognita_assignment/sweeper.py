"""Expires what time has overtaken: offers nobody took, visits without a report.

Any number of processes may sweep: each change holds only for the version that was read.
"""

import asyncio
import logging
from contextlib import suppress

from opentelemetry.trace import use_span
from pymongo.errors import PyMongoError

from incognita_assignment.repository import visits as repository
from incognita_assignment.visit import Visit
from incognita_assignment.visit_changes import Change, expire
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.telemetry import tracer, visit_context

NAME = "sweeper"
CHUNK = 500
log = logging.getLogger(__name__)


class Sweeper:
    """Looks for overdue visits every ``interval_s`` seconds."""

    def __init__(
        self,
        db: Database,
        *,
        health: Health,
        interval_s: float = 2.0,
    ) -> None:
        self._db = db
        self._health = health
        self._interval_s = interval_s

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until ``stop`` is set."""
        self._health.expect(NAME, within_s=60 + 2 * self._interval_s)
        while not stop.is_set():
            try:
                while await self.sweep() and not stop.is_set():
                    pass
                self._health.beat(NAME)
            except PyMongoError as error:
                log.warning("sweeper waits for its store", extra={"error": str(error)[:300]})
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._interval_s)

    async def sweep(self) -> int:
        """Expire one chunk of overdue visits; how many were."""
        overdue = await repository.list_overdue(self._db, now(), limit=CHUNK)
        changes = [change for visit in overdue if (change := _expired(visit))]
        expired = await repository.apply_changes(self._db, changes)
        if expired:
            log.info("visits expired", extra={"visits": expired})
        return expired


def _expired(visit: Visit) -> Change | None:
    span = tracer().start_span("visit expire", context=visit_context(visit.visit_id))
    with use_span(span, end_on_exit=True):
        change = expire(visit, at=now())
        return change and change.said()
