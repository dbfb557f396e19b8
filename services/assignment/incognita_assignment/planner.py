"""Does what waves wait for: offering, offering anew, calling off. One process at a wave."""

import asyncio
import logging
from contextlib import suppress

from opentelemetry.trace import use_span
from pymongo.errors import PyMongoError

from incognita_assignment.planning import LEASE, LeaseLost, Overtaken, offer_visits
from incognita_assignment.repository import visits as visit_repository
from incognita_assignment.repository import waves as wave_repository
from incognita_assignment.rules import CALLED_OFF
from incognita_assignment.visit import Visit
from incognita_assignment.visit_changes import Change, cancel
from incognita_assignment.wave import Job, Wave
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.telemetry import tracer, visit_context

NAME = "planner"
CHUNK = 500
IDLE_S = 0.3
log = logging.getLogger(__name__)


class Planner:
    """Works through the waves that wait, as long as the process lives."""

    def __init__(self, db: Database, *, health: Health, owner: str, idle_s: float = IDLE_S) -> None:
        self._db = db
        self._health = health
        self._owner = owner
        self._idle_s = idle_s

    async def run(self, stop: asyncio.Event) -> None:
        """Plan until ``stop`` is set; what is then under way goes on in another process."""
        self._health.expect(NAME, within_s=120)
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                working = asyncio.create_task(self._turn())
                await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not working.done():
                    working.cancel()
                with suppress(asyncio.CancelledError):
                    if not await working:
                        await asyncio.wait({stopping}, timeout=self._idle_s)
        finally:
            stopping.cancel()
            await self._leave()

    async def _turn(self) -> bool:
        """Do one job, if there is one. A failure leaves it until its lease has run out."""
        try:
            wave = await wave_repository.claim_job(self._db, self._owner, lease=LEASE)
            self._beat()
            if wave is None:
                return False
            await self.do(wave)
        except LeaseLost:
            log.info("the wave was taken over or called off")
        except PyMongoError as error:
            log.warning("planner waits for its store", extra={"error": str(error)[:300]})
            return False
        except Exception:
            log.exception("a wave could not be planned; it is tried again in %s", LEASE)
            return False
        return True

    async def do(self, wave: Wave) -> None:
        """The job of a wave that this process has claimed. Raises LeaseLost."""
        with tracer().start_as_current_span(f"plan {wave.job}"):
            keeping = asyncio.create_task(self._keep(wave))
            try:
                if wave.job is Job.CALL_OFF:
                    await self._call_off(wave)
                else:
                    await self._offer(wave)
            finally:
                keeping.cancel()

    async def _offer(self, wave: Wave) -> None:
        while True:
            try:
                progress = await offer_visits(self._db, wave, beat=self._beat)
            except Overtaken:
                continue
            break
        told = progress.model_dump(mode="json", include={"planned", "offered", "unmatched"})
        log.info("wave planned", extra={"wave_id": wave.wave_id, **told})

    async def _keep(self, wave: Wave) -> None:
        """Renew the lease: reading and matching a large chain may take longer than it lasts."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            with suppress(PyMongoError):
                await wave_repository.keep_job(self._db, wave, now() + LEASE, {})

    async def _call_off(self, wave: Wave) -> None:
        """Cancel, chunk by chunk, the visits that end with the wave."""
        states = CALLED_OFF[wave.state]
        while visits := await visit_repository.list_of_wave(
            self._db, wave.chain_id, wave.wave_id, states, limit=CHUNK
        ):
            if not await wave_repository.keep_job(self._db, wave, now() + LEASE, {}):
                raise LeaseLost
            changes = [change for visit in visits if (change := _called_off(visit, wave))]
            await visit_repository.apply_changes(self._db, changes)
            self._beat()
        if not await wave_repository.end_job(self._db, wave, {}):
            raise LeaseLost

    def _beat(self) -> None:
        self._health.beat(NAME)

    async def _leave(self) -> None:
        try:
            await wave_repository.release_jobs(self._db, self._owner)
        except PyMongoError:
            log.info("leases not released; they run out in %s", LEASE)


def _called_off(visit: Visit, wave: Wave) -> Change | None:
    reason = wave.reason or f"The wave was {wave.state.value}"
    span = tracer().start_span("visit cancel", context=visit_context(visit.visit_id))
    with use_span(span, end_on_exit=True):
        change = cancel(visit, reason=reason, at=now())
        return change and change.said()
