"""Works rescores off, in one process at a time, and goes on where a killed one stopped.

A preview reads the reports in batches and keeps a row for each; the same row again changes nothing.
An application writes a batch's revisions, scores, events and the job's place in one transaction,
each score only as it was read. So no report gets two revisions, whatever is killed when: what is
scored by the job's version is not found again.

Reports that come while a rescore is applied are found by a further pass, until a pass finds none.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from incognita_scoring.corrected import Corrected
from incognita_scoring.engine import ENGINE_VERSION
from incognita_scoring.repository.questionnaires import find_for_request
from incognita_scoring.repository.rescore_work import (
    LEASE_S,
    JobLost,
    RescoreWork,
    ScoresMoved,
)
from incognita_scoring.rescoring.anew import Rescored, next_revision, rescored
from incognita_scoring.rescoring.changes import Change, change_of
from incognita_scoring.rescoring.job import Rescore, RescoreState
from incognita_scoring.rescoring.summary import Tally
from incognita_scoring.score import Revision, Score
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.waiting import first_of

NAME = "rescorer"
BATCH = 50  # 50 reports of 60 questions are about 0.2 s of work: what a killed worker does again
TURN = 40  # about ten seconds: so long one chain's rescore waits for another's
MOVED_PAUSE_S = 0.05
MOST_PASSES = 20
MOST_FAILURES = 5
SETTLES_AFTER = timedelta(seconds=90)
"""No consumer's transaction that began before a wave changed its version is open after this."""
log = logging.getLogger(__name__)


class Rescorer:
    """Looks for a rescore that is due every ``interval_s`` seconds."""

    def __init__(
        self,
        db: Database,
        *,
        health: Health,
        wrote: Callable[[], None] = lambda: None,
        interval_s: float = 1.0,
        batch: int = BATCH,
        turn: int = TURN,
        lease_s: float = LEASE_S,
    ) -> None:
        self._db = db
        self._work = RescoreWork(db, lease_s=lease_s)
        self._health = health
        self._wrote = wrote
        self._interval_s = interval_s
        self._batch = batch
        self._turn = turn

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        self._health.expect(NAME, within_s=60 + 2 * self._interval_s)
        async with self._db.client.start_session() as session:
            while not stop.is_set():
                try:
                    while await self.step(session, stop):
                        pass
                    self._health.beat(NAME)
                except PyMongoError as error:
                    log.warning("rescores wait for their store", extra={"error": str(error)[:300]})
                await first_of(stop, within_s=self._interval_s)

    async def step(self, session: AsyncClientSession, stop: asyncio.Event) -> bool:
        """Work on the job that is due first, for its turn; False if none is due."""
        job = await self._work.claim(session.session_id["id"].as_uuid(), now())
        if job is None:
            return False
        log.info("rescore claimed", extra={"rescore_id": job.rescore_id, "state": job.state})
        try:
            await self._until_done(job, session, stop)
        except JobLost:
            log.info("rescore taken over", extra={"rescore_id": job.rescore_id})
        return not stop.is_set()

    async def _until_done(
        self, job: Rescore, session: AsyncClientSession, stop: asyncio.Event
    ) -> None:
        try:
            held: Rescore | None = await self._ready(job)
            for _ in range(self._turn):
                if held is None or stop.is_set():
                    break
                self._health.beat(NAME)
                held = await self._batch_of(held, session)
            if held is not None:
                await self._work.save_place(held, held, due_at=now())
        except (JobLost, PyMongoError):
            raise
        except Exception as error:  # a report that can't be scored must not stop all other jobs
            log.exception("rescore failed", extra={"rescore_id": job.rescore_id})
            await self._fail(job, str(error))

    async def _ready(self, job: Rescore) -> Rescore:
        """The job, so that its next batch can be worked on."""
        if job.state is RescoreState.PREVIEWING and job.engine_version != ENGINE_VERSION:
            await self._work.delete_rows(job)
            fresh = {"engine_version": ENGINE_VERSION, "wave": 0, "after": None, "done": 0}
            return await self._move(job, fresh, due_at=self._work.held_until())
        if job.state is not RescoreState.PREVIEWING and job.for_new_reports:
            await self._work.keep_wave_versions(job)
        if ENGINE_VERSION not in job.by_engines:
            engines = {"engines": (*job.engines, ENGINE_VERSION)}
            return await self._move(job, engines, due_at=self._work.held_until())
        return job

    async def _batch_of(self, job: Rescore, session: AsyncClientSession) -> Rescore | None:
        """The job after its next batch; None if it is done."""
        scores = await self._work.list_scores(job, self._batch)
        if not scores:
            return await self._next_wave(job)
        step = job.model_copy(
            update={
                "after": scores[-1].visit_id,
                "done": job.done + len(scores),
                "found": job.found + len(scores),
            }
        )
        if job.state is RescoreState.PREVIEWING:
            await self._work.save_previewed(job, await self._previewed(job, scores))
            await self._work.save_place(job, step, due_at=self._work.held_until())
            return step
        return await self._apply(job, step, scores, session)

    async def _apply(
        self, job: Rescore, step: Rescore, scores: Sequence[Score], session: AsyncClientSession
    ) -> Rescore:
        """The job after the batch was written, or as it was where a report changed meanwhile."""
        written = await self._outcomes(job, scores)
        try:
            await self._work.save_applied(session, job, step, written)
        except PyMongoError as error:
            if not error.has_error_label("TransientTransactionError"):
                raise
        except ScoresMoved:
            pass
        else:
            self._wrote()
            return step
        await asyncio.sleep(MOVED_PAUSE_S)
        return job

    async def _next_wave(self, job: Rescore) -> Rescore | None:
        """The job at its next wave or pass; None after the last one."""
        if job.wave + 1 < len(job.waves):
            return await self._move(
                job, {"wave": job.wave + 1, "after": None}, due_at=self._work.held_until()
            )
        if job.state is RescoreState.PREVIEWING:
            await self._end_preview(job)
            return None
        passes = job.passes + 1
        again = {"wave": 0, "after": None, "found": 0}
        if job.found and passes < MOST_PASSES:
            return await self._move(
                job, {**again, "passes": passes}, due_at=self._work.held_until()
            )
        settled = job.state is RescoreState.APPLIED or not job.for_new_reports
        end = {"state": RescoreState.APPLIED, "passes": 0, "finished_at": job.finished_at or now()}
        due_at = None if settled else now() + SETTLES_AFTER
        await self._move(job, again | end, due_at=due_at)
        return None

    async def _end_preview(self, job: Rescore) -> None:
        tally = Tally()
        async for change in self._work.rows(job):
            tally.add(change)
        end = {"state": RescoreState.PREVIEWED, "finished_at": now(), "summary": tally.summary()}
        await self._move(job, end, due_at=None)

    async def _move(
        self, job: Rescore, change: dict[str, Any], *, due_at: datetime | None
    ) -> Rescore:
        step = job.model_copy(update=change)
        await self._work.save_place(job, step, due_at=due_at)
        return step

    async def _fail(self, job: Rescore, why: str) -> None:
        """Try it again in a while; after some failures it is over, with what was applied so far."""
        failures = job.failures + 1
        change: dict[str, Any] = {"failures": failures, "problem": why[:500]}
        due_at: datetime | None = now() + timedelta(seconds=2**failures)
        if failures >= MOST_FAILURES:
            state = RescoreState.FAILED.value
            change |= {"state": state, "open": False, "finished_at": now()}
            due_at = None
        await self._work.save_failure(job, change, due_at=due_at)

    async def _previewed(self, job: Rescore, scores: Sequence[Score]) -> list[Change]:
        revisions, rows = await self._work.revisions_of(scores), []
        for score in scores:
            old = revisions[score.visit_id]
            new = next_revision(score, old, await self._corrected(job, old), **_said(job))
            rows.append(change_of(job.rescore_id, score, old, new))
            await asyncio.sleep(0)  # requests and events must not wait for a batch
        return rows

    async def _outcomes(
        self, job: Rescore, scores: Sequence[Score]
    ) -> list[tuple[Score, Rescored, Change]]:
        revisions, outcomes = await self._work.revisions_of(scores), []
        for score in scores:
            old = revisions[score.visit_id]
            corrected = await self._corrected(job, old)
            outcome = rescored(score, old, corrected, **_said(job))
            change = change_of(job.rescore_id, score, old, outcome.revision)
            outcomes.append((score, outcome, change))
            await asyncio.sleep(0)
        return outcomes

    async def _corrected(self, job: Rescore, revision: Revision) -> Corrected:
        version = revision.asked_version or revision.questionnaire_version
        asked = None
        if version != job.questionnaire_version:
            asked = await self._definition(job, version)
        target = await self._definition(job, job.questionnaire_version)
        if target is None:
            raise LookupError(f"version {job.questionnaire_version} is not here")
        return Corrected(job.questionnaire_version, target, asked)

    async def _definition(self, job: Rescore, version: int) -> Questionnaire | None:
        return await find_for_request(self._db, job.chain_id, job.questionnaire_id, version)


def _said(job: Rescore) -> dict[str, Any]:
    return {"reason": job.reason, "author": job.applied_by or job.author, "at": now()}
