"""League tables and sums of waves, kept in the process as long as nothing in them has changed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incognita_comparison.cache import VersionedCache
from incognita_comparison.compliance import AnswerSums, added_up
from incognita_comparison.groups import Group, GroupKind, branch_groups, merged_groups
from incognita_comparison.repository.reading import (
    Branch,
    Wave,
    count_changes,
    list_answer_sums,
)
from incognita_comparison.standings import Fit, Table, Unit, Within, build_table, fit_units
from incognita_comparison.wave_units import Moment, Source, WaveUnits
from incognita_shared.mongo.client import Database

MOST_ROWS = 100_000  # about 50 MB of tables


@dataclass(frozen=True, slots=True)
class League:
    """A wave's table by one kind of group. ``index``: key → position in the table's rows."""

    wave: Wave
    kind: GroupKind
    table: Table
    groups: Mapping[str, Group]
    index: Mapping[str, int]
    source: Source
    visits: int
    visited: frozenset[str]
    changes: int

    @property
    def ungrouped_branches(self) -> int:
        """Visited branches that belong to no group of this kind."""
        return len(self.visited) - sum(group.branches for group in self.groups.values())


@dataclass(frozen=True, slots=True)
class WaveSummary:
    """The model of a wave's branches without their rows; ``fitted`` is None without any score."""

    wave: Wave
    fitted: Fit | None
    visits: int
    branches: int
    raw_mean: float | None


class Leagues:
    """Makes the league tables of all chains of this process."""

    def __init__(self, db: Database, *, most_rows: int = MOST_ROWS) -> None:
        self._db = db
        self._cache = VersionedCache(most_rows)
        self._read = WaveUnits(db, self._cache)

    async def branches(self, chain_id: str) -> Mapping[str, Branch]:
        """All branches of the chain by id."""
        return await self._read.branches(chain_id)

    async def league(self, chain_id: str, wave: Wave, kind: GroupKind) -> League:
        """The wave's table as it is now."""
        (league,) = await self.leagues(chain_id, [wave], kind)
        return league

    async def leagues(self, chain_id: str, waves: Sequence[Wave], kind: GroupKind) -> list[League]:
        """The tables of several waves as they are now."""
        moments = await self._read.moments(chain_id, waves)
        branch_changes = await self._read.branch_changes(chain_id)
        return [await self._league(moment, branch_changes, kind) for moment in moments]

    async def summaries(self, chain_id: str, waves: Sequence[Wave]) -> list[WaveSummary]:
        """The models of the waves' single branches, which is all that a trend needs."""
        moments = await self._read.moments(chain_id, waves)
        return [await self._summary(moment) for moment in moments]

    async def _league(
        self, moment: Moment, branch_changes: tuple[int, int], kind: GroupKind
    ) -> League:
        wave = moment.wave

        async def make() -> League:
            units = await self._read.units(moment, wave)
            branches = await self._read.branches(moment.chain_id, branch_changes)
            elsewhere, source = Within(), Source.THIS_WAVE
            if kind is GroupKind.BRANCH:
                elsewhere, source = await self._read.elsewhere(moment)
            compared, groups = _compared(kind, units, branches)
            table = await asyncio.to_thread(build_table, compared, elsewhere)
            if table.fitted is not None and not table.fitted.identified:
                source = Source.ASSUMED
            return League(
                wave=wave,
                kind=kind,
                table=table,
                groups=groups,
                index={row.key: position for position, row in enumerate(table.rows)},
                source=source,
                visits=sum(unit.count for unit in units),
                visited=frozenset(unit.key for unit in units),
                changes=moment.changes[wave.id][1],
            )

        key = (moment.chain_id, wave.id, kind)
        version = (moment.version, branch_changes)
        return await self._cache.get(key, version, make, rows=lambda made: len(made.table.rows))

    async def _summary(self, moment: Moment) -> WaveSummary:
        wave = moment.wave

        async def make() -> WaveSummary:
            units = await self._read.units(moment, wave)
            elsewhere, _ = await self._read.elsewhere(moment)
            return WaveSummary(
                wave=wave,
                fitted=fit_units(units, elsewhere) if units else None,
                visits=sum(unit.count for unit in units),
                branches=len(units),
                raw_mean=sum(unit.mean for unit in units) / len(units) if units else None,
            )

        return await self._cache.get((moment.chain_id, wave.id, "summary"), moment.version, make)

    async def answer_sums(
        self, chain_id: str, wave: Wave, field: str, branch_ids: frozenset[str] | None
    ) -> AnswerSums:
        """The wave's ``sections`` or ``questions`` added up, over these branches only, if given."""

        async def make() -> AnswerSums:
            found = await list_answer_sums(
                self._db, chain_id, wave.id, field=field, branch_ids=branch_ids
            )
            return await asyncio.to_thread(added_up, found)

        if branch_ids is not None:
            return await make()
        changes = await count_changes(self._db, chain_id, [wave.id])
        version = changes.get(wave.id)
        return await self._cache.get((chain_id, wave.id, field), version, make)


def _compared(
    kind: GroupKind, units: Sequence[Unit], branches: Mapping[str, Branch]
) -> tuple[list[Unit], dict[str, Group]]:
    if kind is GroupKind.BRANCH:
        return branch_groups(units, branches)
    return merged_groups(kind, units, branches)
