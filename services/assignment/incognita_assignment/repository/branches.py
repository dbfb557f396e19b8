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
    """What planning needs of a branch: to match shoppers, and to tell a shopper where to go.

    ``opening_hours`` is JSON data as the branch's document keeps it.
    """

    branch_id: str
    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    opening_hours: Any
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
