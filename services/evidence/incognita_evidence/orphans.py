"""Removes objects that nothing refers to: slowly, page by page, once a day through the bucket.

An orphan is first hidden by a delete marker, after a note that says so. Who sends or declares the
same file then brings it anew. If it is referred to all the same a day later, because somebody had
just looked it up, it is shown again; else it is removed.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from pymongo.errors import PyMongoError

from incognita_evidence.repository.orphans import References
from incognita_evidence.repository.removals import Sweep
from incognita_evidence.rules.orphans import Fate, Patience, Place, Referring, fate, places_of
from incognita_evidence.versions import (
    Listed,
    hide_object,
    list_objects,
    remove_versions,
    show_object,
)
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore
from incognita_shared.problems import Problem
from incognita_shared.telemetry import instruments
from incognita_shared.telemetry.attributes import REMOVAL_CAUSE

NAME = "orphans"
LEASE = timedelta(seconds=120)
ROUND_EVERY = timedelta(days=1)
ORPHAN = "orphan"
log = logging.getLogger(__name__)


class Orphans:
    """Looks through the bucket, at most one page or one object each ``pause_s`` seconds."""

    def __init__(
        self,
        db: Database,
        *,
        store: ObjectStore,
        health: Health,
        owner: str,
        patience: Patience | None,
        pause_s: float = 0.25,
        interval_s: float = 60.0,
    ) -> None:
        self._references = References(db)
        self._sweep = Sweep(db, NAME, owner=owner, lease=LEASE)
        self._store, self._health = store, health
        self._patience, self._pause_s, self._interval_s = patience, pause_s, interval_s

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until ``stop`` is set; without patience, never."""
        if self._patience is None:
            await stop.wait()
            return
        self._health.expect(NAME, within_s=300 + 2 * self._interval_s)
        while not stop.is_set():
            try:
                while await self.sweep_page(self._patience, stop) and not stop.is_set():
                    pass
                self._health.beat(NAME)
            except (PyMongoError, Problem) as error:
                log.warning("orphans wait for a store", extra={"error": str(error)[:300]})
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._interval_s)
        with suppress(PyMongoError):
            await self._sweep.release()

    async def sweep_page(self, patience: Patience, stop: asyncio.Event | None = None) -> bool:
        """Judge the next page; False after the bucket's last, or when there is nothing to do."""
        progress = await self._sweep.claim()
        if progress is None or now() < progress.get("next_round_at", now()):
            return False
        page = await list_objects(self._store, after=progress.get("after"))
        done: Counter[Fate] = Counter()
        for listed, decided in (await self._judged(page.objects, patience)).items():
            if stop is not None and stop.is_set():
                return False
            if await self._sweep.claim() is None:
                return False
            await self._do(listed, decided)
            done[decided] += 1
            self._health.beat(NAME)
            await asyncio.sleep(self._pause_s)
        if done:
            log.info("orphans", extra={each.value: number for each, number in done.items()})
        if page.last is None:
            await self._sweep.note(after=None, next_round_at=now() + ROUND_EVERY)
            return False
        await self._sweep.note(after=page.last)
        await asyncio.sleep(self._pause_s)
        return True

    async def _judged(self, page: Sequence[Listed], patience: Patience) -> dict[Listed, Fate]:
        """What is to be done, of the objects with which anything is."""
        places = places_of(page)
        referring = await self._references.find(places.values())
        chains = await self._references.find_chains(
            each.chain_id for each in places.values() if each.visit_id is None
        )
        hidden = await self._references.find_hidden(places.keys())
        at = now()
        fates = {
            each: fate(
                each,
                needed=_is_needed(each.key, places[each.key], referring, chains),
                hidden_at=hidden.get(each.key),
                at=at,
                patience=patience,
            )
            for each in page
            if each.key in places
        }
        return {listed: decided for listed, decided in fates.items() if decided is not Fate.KEEP}

    async def _do(self, listed: Listed, decided: Fate) -> None:
        match decided:
            case Fate.HIDE:
                await self._references.note_hidden(listed.key, now())
                if not listed.is_hidden:
                    await hide_object(self._store, listed.key)
            case Fate.SHOW:
                if listed.is_hidden:
                    await show_object(self._store, listed)
                await self._references.forget_hidden(listed.key)
            case Fate.REMOVE:
                await remove_versions(self._store, listed)
                await self._references.forget_hidden(listed.key)
                instruments().removed_objects.add(1, {REMOVAL_CAUSE: ORPHAN})


def _is_needed(
    key: str,
    place: Place,
    referring: Mapping[tuple[str, str], Referring],
    chains: set[str],
) -> bool:
    """In doubt it is: of a visit that is not known here we can tell nothing."""
    if place.visit_id is None or place.sha256 is None:
        return place.chain_id not in chains
    found = referring.get((place.chain_id, place.visit_id))
    return found is None or found.to(key, place.sha256)
