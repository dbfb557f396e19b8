"""The collection ``branches``: one document a branch, keyed by chain and store id."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from incognita_assignment.schemas.branches import BranchFilter
from incognita_shared.values import Ownership, Position

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Branch:
    """What the matching of visits needs of a branch."""

    branch_id: str
    city: str
    region: str
    position: Position | None
    geofence_m: int
    time_zone: str
    franchisee_id: str | None
    ownership: Ownership


async def open_branches(
    db: AsyncDatabase[Document], chain_id: str, branch_filter: BranchFilter
) -> AsyncIterator[Branch]:
    """The chain's branches that are not closed and pass the filter, by id."""
    raise NotImplementedError
    yield
