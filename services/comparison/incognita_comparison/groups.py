"""What can be compared: branches, alone or by franchisee, ownership, city or region."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from incognita_comparison.repository.reading import Branch
from incognita_comparison.standings import Unit, unit_of_means


class GroupKind(StrEnum):
    """By what standings are made."""

    BRANCH = "branch"
    FRANCHISEE = "franchisee"
    OWNERSHIP = "ownership"
    CITY = "city"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Group:
    """One compared group; ``branch`` is set where the group is a branch that the catalog knows."""

    kind: GroupKind
    id: str
    name: str | None
    visits: int
    branches: int
    branch: Branch | None = None


def group_key(kind: GroupKind, branch: Branch) -> tuple[str, str] | None:
    """Id and name of the group that the branch belongs to, or None if it belongs to none.

    A city's id names country and region too, as there is more than one Springfield; case and outer
    spaces make no difference.
    """
    country, region, city = branch.country, branch.region, branch.city
    named: dict[GroupKind, tuple[tuple[str, ...], str | None]] = {
        GroupKind.BRANCH: ((branch.id,), branch.name or branch.store_id),
        GroupKind.FRANCHISEE: ((branch.franchisee_id or "",), branch.franchisee_id),
        GroupKind.OWNERSHIP: ((branch.ownership,), branch.ownership),
        GroupKind.CITY: ((country, region, city), city),
        GroupKind.REGION: ((country, region), region),
    }
    parts, name = named[kind]
    if name is None or not parts[-1].strip():
        return None
    if kind in (GroupKind.CITY, GroupKind.REGION):
        parts = tuple(part.strip().casefold() for part in parts)
    return "/".join(parts), name.strip()


def branch_groups(
    units: Iterable[Unit], branches: Mapping[str, Branch]
) -> tuple[list[Unit], dict[str, Group]]:
    """Branches as they are; one that the catalog has not said yet has its id only."""
    kept = list(units)
    groups = {}
    for unit in kept:
        branch = branches.get(unit.key)
        name = (branch.name or branch.store_id) if branch else None
        groups[unit.key] = Group(GroupKind.BRANCH, unit.key, name, unit.count, 1, branch)
    return kept, groups


def merged_groups(
    kind: GroupKind, units: Iterable[Unit], branches: Mapping[str, Branch]
) -> tuple[list[Unit], dict[str, Group]]:
    """Branches put together: each counts once, by its own mean, however often it was visited."""
    members: dict[str, list[Unit]] = defaultdict(list)
    names: dict[str, str] = {}
    for unit in units:
        branch = branches.get(unit.key)
        key = group_key(kind, branch) if branch else None
        if key is not None:
            members[key[0]].append(unit)
            names[key[0]] = min(names.get(key[0], key[1]), key[1])
    merged = [unit_of_means(key, (one.mean for one in own)) for key, own in members.items()]
    groups = {
        key: Group(kind, key, names[key], sum(one.count for one in own), len(own))
        for key, own in members.items()
    }
    return merged, groups
