"""Standings put into the words of the HTTP models."""

from collections.abc import Sequence

from incognita_comparison.groups import Group, GroupKind
from incognita_comparison.leagues import League
from incognita_comparison.schemas.standings import (
    BasisAnswer,
    DistributionAnswer,
    GroupAnswer,
    ReliabilityAnswer,
    StandingAnswer,
)
from incognita_comparison.standings import LEVEL, METHOD, Fit, Standing
from incognita_comparison.visibility import Distribution
from incognita_comparison.wave_units import Source

_ASSUMED = (
    "Assumed, not estimated: nothing was observed twice, so what really differs can't be told from"
    " chance. Reckoned with a reliability of which all values from 0 to 1 are possible, 1/3 on"
    " average; by that, nothing can be told apart."
)
_NOTES = {
    Source.THIS_WAVE: "Estimated from what was observed more than once in this wave.",
    Source.EARLIER_WAVES: (
        "Estimated with the help of branches visited more than once in earlier waves of the same"
        " programme, channel and scenario."
    ),
    Source.BETWEEN_WAVES: (
        "Estimated with the help of differences between this wave and the one before, in which a"
        " real change counts as chance: it errs towards 'cannot tell'."
    ),
    Source.ASSUMED: _ASSUMED,
}


def group_answer(group: Group) -> GroupAnswer:
    """The group with its place, as far as it is known."""
    branch = group.branch
    if branch is None:
        return GroupAnswer(kind=group.kind, id=group.id, name=group.name)
    return GroupAnswer(
        kind=group.kind,
        id=group.id,
        name=group.name,
        store_id=branch.store_id,
        city=branch.city,
        region=branch.region,
        country=branch.country,
        ownership=branch.ownership,
        franchisee_id=branch.franchisee_id,
    )


def standing_answer(league: League, row: Standing) -> StandingAnswer:
    """The row, rounded to hundredths of a point."""
    group = league.groups[row.key]
    return StandingAnswer(
        rank_low=row.rank_low,
        rank_high=row.rank_high,
        tie_group=row.tie_group,
        group=group_answer(group),
        estimate=round(row.estimate, 2),
        interval_low=round(row.low, 2),
        interval_high=round(row.high, 2),
        level=LEVEL,
        standard_error=round(row.standard_error, 3),
        raw_mean=round(row.raw_mean, 2),
        visits=group.visits,
        branches=group.branches,
        weight=round(row.weight, 3),
        against_mean=row.verdict,
    )


def basis_answer(league: League, *, with_mean: bool = True) -> BasisAnswer:
    """What the league was made from; the mean only where it gives no single branch away."""
    rows, fitted = league.table.rows, league.table.fitted
    return BasisAnswer(
        wave_id=league.wave.id,
        wave_name=league.wave.name,
        by=league.kind,
        method=METHOD,
        level=LEVEL,
        reliability=_reliability(league, fitted) if fitted else None,
        mean=round(fitted.mean, 2) if fitted and with_mean else None,
        rows=len(rows),
        visits=league.visits,
        branches=len(league.visited),
        ungrouped_branches=league.ungrouped_branches,
        tie_groups=rows[-1].tie_group if rows else 0,
        told_apart=_told_apart(rows),
        changes=league.changes,
    )


def distribution_answer(others: Distribution) -> DistributionAnswer:
    """The deciles as they are."""
    return DistributionAnswer(count=others.count, deciles=list(others.deciles))


def _reliability(league: League, fitted: Fit) -> ReliabilityAnswer:
    one = "visit" if league.kind is GroupKind.BRANCH else "branch"
    note = f"How much one {one} says of its {league.kind}. {_NOTES[league.source]}"
    if league.source is Source.ASSUMED:
        return ReliabilityAnswer(value=None, low=None, high=None, source=Source.ASSUMED, note=note)
    return ReliabilityAnswer(
        value=round(fitted.reliability, 3),
        low=round(fitted.reliability_low, 3),
        high=round(fitted.reliability_high, 3),
        source=league.source,
        note=note,
    )


def _told_apart(rows: Sequence[Standing]) -> bool:
    return any(row.rank_low > 1 or row.rank_high < len(rows) for row in rows)
