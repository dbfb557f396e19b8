"""How groups move over waves, oldest wave first."""

from collections.abc import Mapping, Sequence

from incognita_comparison.answers import group_answer
from incognita_comparison.groups import GroupKind
from incognita_comparison.leagues import League, Leagues, WaveSummary
from incognita_comparison.repository.reading import Branch, BranchSums, Wave
from incognita_comparison.schemas.trend import PointAnswer, SeriesAnswer, TrendKind
from incognita_comparison.standings import LEVEL, Fit, Standing, clamp, interval, unit_of_sums
from incognita_comparison.visibility import FEWEST_OTHERS, named_rows


async def branch_points(
    leagues: Leagues, chain_id: str, sums: Sequence[tuple[Wave, BranchSums]]
) -> list[PointAnswer]:
    """A branch's points, from its sums in each wave and the model of the wave."""
    summaries = await leagues.summaries(chain_id, [wave for wave, _ in sums])
    return [
        _branch_point(wave, summary.fitted, own)
        for (wave, own), summary in reversed(list(zip(sums, summaries, strict=True)))
        if summary.fitted is not None
    ]


async def chain_series(
    leagues: Leagues, chain_id: str, waves: Sequence[Wave], own: frozenset[str] | None
) -> list[SeriesAnswer]:
    """The chain's one series; a wave with too few others is left out for those who see but own."""
    summaries = await leagues.summaries(chain_id, waves)
    points = [
        _chain_point(one, one.fitted)
        for one in reversed(summaries)
        if one.fitted is not None and (own is None or one.branches - len(own) >= FEWEST_OTHERS)
    ]
    return [SeriesAnswer(group=None, points=points)] if points else []


async def group_series(
    leagues: Leagues,
    chain_id: str,
    waves: Sequence[Wave],
    kind: TrendKind,
    *,
    own: frozenset[str] | None,
    branches: Mapping[str, Branch],
    after: str | None,
    limit: int,
) -> tuple[list[SeriesAnswer], bool]:
    """A page of series, one a group that the caller sees by name, and whether there are more."""
    rows: dict[str, list[tuple[League, Standing]]] = {}
    for league in reversed(await leagues.leagues(chain_id, waves, GroupKind(kind.value))):
        for row in named_rows(league, own, branches)[0]:
            rows.setdefault(row.key, []).append((league, row))
    keys = sorted(key for key in rows if after is None or key > after)
    series = [
        SeriesAnswer(
            group=group_answer(rows[key][-1][0].groups[key]),
            points=[_point(league, row) for league, row in rows[key]],
        )
        for key in keys[:limit]
    ]
    return series, len(keys) > limit


def _branch_point(wave: Wave, fitted: Fit, own: BranchSums) -> PointAnswer:
    unit = unit_of_sums(own.branch_id, count=own.count, total=own.total, squares=own.squares)
    estimate = fitted.estimate(unit)
    return _answer(
        wave,
        visits=own.count,
        branches=1,
        raw_mean=unit.mean,
        value=estimate.value,
        error=estimate.standard_error,
    )


def _chain_point(summary: WaveSummary, fitted: Fit) -> PointAnswer:
    return _answer(
        summary.wave,
        visits=summary.visits,
        branches=summary.branches,
        raw_mean=summary.raw_mean or 0.0,
        value=fitted.mean,
        error=fitted.mean_error,
    )


def _point(league: League, row: Standing) -> PointAnswer:
    group = league.groups[row.key]
    return _answer(
        league.wave,
        visits=group.visits,
        branches=group.branches,
        raw_mean=row.raw_mean,
        value=row.estimate,
        error=row.standard_error,
    )


def _answer(
    wave: Wave, *, visits: int, branches: int, raw_mean: float, value: float, error: float
) -> PointAnswer:
    low, high = interval(value, error)
    return PointAnswer(
        wave_id=wave.id,
        wave_name=wave.name,
        programme_id=wave.programme_id,
        channel=wave.channel,
        scenario=wave.scenario,
        starts_at=wave.starts_at,
        visits=visits,
        branches=branches,
        raw_mean=round(raw_mean, 2),
        estimate=round(clamp(value), 2),
        interval_low=round(clamp(low), 2),
        interval_high=round(clamp(high), 2),
        standard_error=round(error, 3),
        level=LEVEL,
    )
