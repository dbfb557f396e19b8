"""Removes files whose retention has ended: from the object store first, then it is noted.

A report's items are marked before their objects go, so a process that is killed anywhere leaves
what the next one goes on with, whatever has become of the report meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import timedelta

from pydantic import ValidationError
from pymongo.errors import PyMongoError

from incognita_evidence.attempts import until_written
from incognita_evidence.desk import Desk
from incognita_evidence.errors import ReportNotFound
from incognita_evidence.report import ItemState, Report
from incognita_evidence.repository.removals import Removals, Sweep
from incognita_evidence.rules import retention
from incognita_evidence.versions import remove_object
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore
from incognita_shared.problems import Problem
from incognita_shared.telemetry import instruments, on_trace_of, tracer
from incognita_shared.telemetry.attributes import REMOVAL_CAUSE

NAME = "removal"
CHUNK = 100
LEASE = timedelta(seconds=60)
TRY_AGAIN = timedelta(hours=1)
"""After the store refused to remove an object, which may be held there."""
RETENTION = "retention"
log = logging.getLogger(__name__)


class Removal:
    """Looks every ``interval_s`` seconds for what is due."""

    def __init__(
        self,
        db: Database,
        *,
        store: ObjectStore,
        desk_of: Callable[[str], Desk],
        health: Health,
        owner: str,
        interval_s: float = 30.0,
    ) -> None:
        self._removals = Removals(db)
        self._sweep = Sweep(db, NAME, owner=owner, lease=LEASE)
        self._store, self._desk_of = store, desk_of
        self._health, self._interval_s = health, interval_s

    async def run(self, stop: asyncio.Event) -> None:
        """Remove what is due until ``stop`` is set."""
        self._health.expect(NAME, within_s=300 + 2 * self._interval_s)
        while not stop.is_set():
            try:
                while await self.remove_due() and not stop.is_set():
                    pass
                self._health.beat(NAME)
            except PyMongoError as error:
                log.warning("removal waits for its store", extra={"error": str(error)[:300]})
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._interval_s)
        with suppress(PyMongoError):
            await self._sweep.release()

    async def remove_due(self) -> int:
        """Remove the files of up to ``CHUNK`` reports; of how many, 0 if another process does."""
        if await self._sweep.claim() is None:
            return 0
        due = await self._removals.list_due(now(), limit=CHUNK)
        files = 0
        for chain_id, visit_id in due:
            try:
                files += await self._remove(chain_id, visit_id)
            except (Problem, ValidationError) as problem:
                cause = {"visit_id": visit_id, "error": str(problem)[:300]}
                log.warning("files are not removed yet", extra=cause)
                await self._removals.put_off(visit_id, now() + TRY_AGAIN)
            self._health.beat(NAME)
            if await self._sweep.claim() is None:
                break
        if files:
            log.info("files removed", extra={"files": files, "reports": len(due)})
        return len(due)

    async def _remove(self, chain_id: str, visit_id: str) -> int:
        with on_trace_of(visit_id), tracer().start_as_current_span("evidence removal"):
            desk = self._desk_of(chain_id)
            report = await _changed(visit_id, desk, lambda report: _begun(report, desk))
            items = report.in_state(ItemState.REMOVING)
            keys = {item.object_key for item in items}
            for key in keys:
                await remove_object(self._store, key)
            ids = {item.item_id for item in items}
            await _changed(visit_id, desk, lambda report: _finished(report, ids))
        instruments().removed_objects.add(len(keys), {REMOVAL_CAUSE: RETENTION})
        return len(keys)


async def _begun(report: Report, desk: Desk) -> Report:
    visit = await desk.reports.find_visit(report.id) if report.given_up_at else None
    if visit is not None and report.given_up_at is not None:
        questionnaire = await desk.reports.get_questionnaire(visit)
        report = retention.dated(
            report, questionnaire, at=report.given_up_at, default_days=desk.retention_days
        )
    return retention.begun(report, at=now())


async def _finished(report: Report, item_ids: Collection[str]) -> Report:
    items = [each for each in report.in_state(ItemState.REMOVING) if each.item_id in item_ids]
    return retention.finished(report, items, at=now())


async def _changed(
    visit_id: str, desk: Desk, change: Callable[[Report], Awaitable[Report]]
) -> Report:
    """The report as it is after the change."""

    async def attempt() -> Report | None:
        report = await desk.reports.find_report(visit_id)
        if report is None:
            raise ReportNotFound(visit_id)
        changed = await change(report)
        return changed if changed == report or await desk.reports.save(changed) else None

    return await until_written(visit_id, attempt)
