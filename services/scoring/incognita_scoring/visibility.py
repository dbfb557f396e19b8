"""Which scores a caller may see. Nothing that is not approved leaves towards the chain."""

from typing import Any

from incognita_scoring.repository.scores import Scores
from incognita_scoring.rules import ReviewState
from incognita_shared.auth import Principal, Role

FULL = (Role.AGENCY, Role.REVIEWER)
"""Roles that see everything but the shopper."""
CLIENTS = (Role.CHAIN_MANAGER, Role.FRANCHISE_MANAGER, Role.BRANCH_MANAGER)
"""Roles on the chain's own side."""


def sees_all(principal: Principal) -> bool:
    """Whether the caller sees unapproved scores, hidden questions, findings and notes."""
    return principal.role in FULL


async def visible_scores(scores: Scores, principal: Principal) -> dict[str, Any]:
    """The filter that holds a caller to what they may see."""
    if sees_all(principal):
        return {}
    approved = {"state": ReviewState.APPROVED.value}
    match principal.role:
        case Role.CHAIN_MANAGER:
            return approved
        case Role.FRANCHISE_MANAGER if principal.franchisee_id:
            own = await scores.list_branches_of(principal.franchisee_id)
            return {**approved, "branch_id": {"$in": sorted({*own, *principal.branch_ids})}}
        case _:
            return {**approved, "branch_id": {"$in": sorted(principal.branch_ids)}}
