"""Who may see which rows by name, and what is shown of the others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import quantiles

from incognita_comparison.groups import GroupKind, group_key
from incognita_comparison.leagues import League
from incognita_comparison.repository.reading import Branch
from incognita_comparison.standings import Standing
from incognita_shared.auth import Principal, Role

FEWEST_OTHERS = 5
"""Fewer others than this could be told by name from a distribution, so none is shown."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the others stand, without names: nine deciles of their estimates, in points."""

    count: int
    deciles: tuple[float, ...]


def own_branches(principal: Principal, branches: Mapping[str, Branch]) -> frozenset[str] | None:
    """The branches that the caller answers for; None for one who sees the whole chain."""
    if principal.role is Role.FRANCHISE_MANAGER:
        return frozenset(
            branch.id
            for branch in branches.values()
            if branch.franchisee_id is not None and branch.franchisee_id == principal.franchisee_id
        )
    if principal.role is Role.BRANCH_MANAGER:
        return frozenset(principal.branch_ids) & branches.keys()
    return None


def named_rows(
    league: League, own: frozenset[str] | None, branches: Mapping[str, Branch]
) -> tuple[list[Standing], list[Standing]]:
    """The rows that the caller sees by name, in order, and the others.

    Branches and franchisees are named to their own people only. A city, a region, an ownership is
    named if it is made of own branches, or of at least ``FEWEST_OTHERS`` others, too.
    """
    rows = league.table.rows
    if own is None:
        return list(rows), []
    mine = _own_counts(league, own, branches)
    private = league.kind in (GroupKind.BRANCH, GroupKind.FRANCHISEE)
    named: list[Standing] = []
    others: list[Standing] = []
    for row in rows:
        foreign = league.groups[row.key].branches - mine[row.key]
        seen = foreign == 0 or (not private and foreign >= FEWEST_OTHERS)
        (named if seen else others).append(row)
    return named, others


def distribution(others: Iterable[Standing]) -> Distribution | None:
    """The deciles of the others' estimates, or None if there are too few to stay nameless."""
    values = [row.estimate for row in others]
    if len(values) < FEWEST_OTHERS:
        return None
    cuts = quantiles(values, n=10, method="inclusive")
    return Distribution(len(values), tuple(round(cut, 1) for cut in cuts))


def _own_counts(
    league: League, own: frozenset[str], branches: Mapping[str, Branch]
) -> Counter[str]:
    """Group → how many of the wave's visited branches in it are the caller's own."""
    counts: Counter[str] = Counter()
    for branch_id in own & league.visited:
        key = group_key(league.kind, branches[branch_id])
        if key is not None:
            counts[key[0]] += 1
    return counts
