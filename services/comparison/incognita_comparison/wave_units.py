"""What the standings of a wave are made from: its branches, and what other waves say of them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from incognita_comparison.cache import VersionedCache
from incognita_comparison.repository.reading import (
    Branch,
    Wave,
    count_branch_changes,
    count_changes,
    list_branches,
    list_earlier_waves,
    list_sums,
)
from incognita_comparison.standings import (
    Unit,
    Within,
    between_waves,
    pooled_within,
    unit_of_sums,
)
from incognita_shared.mongo.client import Database

EARLIER_WAVES = 4
ENOUGH_DEGREES = 30  # replicates from which on other sources would hardly sharpen the variance


class Source(StrEnum):
    """Where the variation of single visits was learnt from."""

    THIS_WAVE = "this_wave"
    EARLIER_WAVES = "earlier_waves"
    BETWEEN_WAVES = "between_waves"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Moment:
    """A wave, those before it, and how far each had changed when it was read."""

    chain_id: str
    wave: Wave
    earlier: tuple[Wave, ...]
    changes: Mapping[str, tuple[int, int]]

    @property
    def version(self) -> tuple[object, ...]:
        """Differs whenever a figure of the wave may differ."""
        return (self.wave, *sorted(self.changes.items()))


class WaveUnits:
    """Reads waves and branches, and keeps what it read until it changes."""

    def __init__(self, db: Database, cache: VersionedCache) -> None:
        self._db = db
        self._cache = cache

    async def moments(self, chain_id: str, waves: Sequence[Wave]) -> list[Moment]:
        """Where each of the waves and those before it stand now."""
        earlier = [
            tuple(await list_earlier_waves(self._db, chain_id, wave, EARLIER_WAVES))
            for wave in waves
        ]
        ids = {one.id for one in itertools.chain(waves, *earlier)}
        changes = await count_changes(self._db, chain_id, sorted(ids))
        return [
            Moment(chain_id, wave, before, _of(changes, (wave, *before)))
            for wave, before in zip(waves, earlier, strict=True)
        ]

    async def branch_changes(self, chain_id: str) -> tuple[int, int]:
        """Differs whenever a branch may belong elsewhere."""
        return await count_branch_changes(self._db, chain_id)

    async def branches(
        self, chain_id: str, version: tuple[int, int] | None = None
    ) -> Mapping[str, Branch]:
        """All branches of the chain by id."""

        async def make() -> Mapping[str, Branch]:
            return {one.id: one for one in await list_branches(self._db, chain_id)}

        version = version or await self.branch_changes(chain_id)
        return await self._cache.get((chain_id, "branches"), version, make, rows=len)

    async def units(self, moment: Moment, wave: Wave) -> list[Unit]:
        """The branches of the wave for which a score counts."""

        async def make() -> list[Unit]:
            return [
                unit_of_sums(one.branch_id, count=one.count, total=one.total, squares=one.squares)
                for one in await list_sums(self._db, moment.chain_id, wave.id)
            ]

        key = (moment.chain_id, wave.id, "units")
        return await self._cache.get(key, moment.changes.get(wave.id), make, rows=len)

    async def elsewhere(self, moment: Moment) -> tuple[Within, Source]:
        """What earlier waves of the same kind of visit say of single visits, as far as needed."""
        units = await self.units(moment, moment.wave)
        own = pooled_within(units).degrees
        if own >= ENOUGH_DEGREES or not moment.earlier:
            return Within(), Source.THIS_WAVE if own else Source.ASSUMED
        before = [await self.units(moment, one) for one in moment.earlier]
        found = sum((pooled_within(one) for one in before), Within())
        source = Source.EARLIER_WAVES if found.degrees else Source.THIS_WAVE
        if own + found.degrees < ENOUGH_DEGREES:
            changed = between_waves(_by_key(before[0]), _by_key(units))
            if changed.degrees:
                found, source = found + changed, Source.BETWEEN_WAVES
        return found, source if own + found.degrees else Source.ASSUMED


def _of(
    changes: Mapping[str, tuple[int, int]], waves: Sequence[Wave]
) -> dict[str, tuple[int, int]]:
    return {wave.id: changes.get(wave.id, (0, 0)) for wave in waves}


def _by_key(units: Sequence[Unit]) -> dict[str, Unit]:
    return {unit.key: unit for unit in units}
