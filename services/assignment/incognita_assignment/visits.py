"""Visits as people see and move them."""

from collections.abc import Callable
from dataclasses import replace

from incognita_assignment.errors import no_such
from incognita_assignment.repository import visits as repository
from incognita_assignment.repository.questionnaires import find_fixed
from incognita_assignment.repository.visits import VisitFilter
from incognita_assignment.rules import IllegalMove, VisitState
from incognita_assignment.schemas.questionnaire_for_shoppers import (
    Asked,
    QuestionnaireToAnswer,
    without_scoring,
)
from incognita_assignment.visit import Visit
from incognita_assignment.visit_changes import Change, accept, cancel, decline
from incognita_shared.auth import Principal, Role
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict, Forbidden

_ATTEMPTS = 5


def scope_of(caller: Principal) -> VisitFilter:
    """The visits that the caller may know of at all.

    Those who are audited learn of a visit when its report is approved: earlier, the cover is gone.
    Raises Forbidden for a key that is bound to nobody.
    """
    approved = (VisitState.APPROVED,)
    if caller.role is Role.SHOPPER:
        return VisitFilter(shopper_id=_bound(caller.shopper_id))
    if caller.role is Role.FRANCHISE_MANAGER:
        return VisitFilter(franchisee_id=_bound(caller.franchisee_id), states=approved)
    if caller.role is Role.BRANCH_MANAGER:
        return VisitFilter(branch_ids=caller.branch_ids, states=approved)
    return VisitFilter()


def _bound(identity: str | None) -> str:
    if not identity:
        raise Forbidden("This key is bound to no shopper or franchisee")
    return identity


def narrowed(
    scope: VisitFilter,
    *,
    wave_id: str | None,
    branch_id: str | None,
    state: VisitState | None,
) -> VisitFilter:
    """``scope``, as far as the caller asked for it; never more than ``scope``."""
    if branch_id is not None:
        seen = scope.branch_ids is None or branch_id in scope.branch_ids
        scope = replace(scope, branch_ids=(branch_id,) if seen else ())
    if state is not None:
        seen = scope.states is None or state in scope.states
        scope = replace(scope, states=(state,) if seen else ())
    return replace(scope, wave_id=wave_id)


async def get_visit(db: Database, caller: Principal, visit_id: str) -> Visit:
    """The visit, if the caller may know of it. Raises NotFound."""
    visit = await repository.find_visit(db, caller.chain, visit_id, scope_of(caller))
    if visit is None:
        raise no_such("visit", visit_id)
    return visit


async def accept_visit(db: Database, caller: Principal, visit_id: str) -> Visit:
    """The shopper takes the offer; again changes nothing. Raises NotFound, Conflict."""
    return await _move(db, caller, visit_id, lambda visit: accept(visit, at=now()))


async def decline_visit(db: Database, caller: Principal, visit_id: str, reason: str) -> Visit:
    """The shopper turns the offer down; again changes nothing. Raises NotFound, Conflict."""
    return await _move(db, caller, visit_id, lambda visit: decline(visit, reason=reason, at=now()))


async def cancel_visit(db: Database, caller: Principal, visit_id: str, reason: str) -> Visit:
    """The agency calls the visit off; again changes nothing. Raises NotFound, Conflict."""
    return await _move(db, caller, visit_id, lambda visit: cancel(visit, reason=reason, at=now()))


async def get_questionnaire(
    db: Database, caller: Principal, visit_id: str
) -> QuestionnaireToAnswer:
    """What the shopper of a visit has to answer, without any scoring. Raises NotFound.

    With the facts about branch and visit that its conditions ask for.
    """
    visit = await get_visit(db, caller, visit_id)
    name, version = visit.questionnaire_id, visit.questionnaire_version
    found = await find_fixed(db, visit.chain_id, name, version)
    if found is None:
        raise no_such("questionnaire", f"{name}, version {version}")
    context = Asked(
        branch=visit.branch.asked(),
        visit={"scenario": visit.scenario, "channel": visit.channel.value},
    )
    return without_scoring(name, version, found, context)


async def _move(
    db: Database, caller: Principal, visit_id: str, change_of: Callable[[Visit], Change | None]
) -> Visit:
    for _ in range(_ATTEMPTS):
        visit = await get_visit(db, caller, visit_id)
        try:
            change = change_of(visit)
        except IllegalMove as refused:
            raise Conflict(
                str(refused)[0].upper() + str(refused)[1:],
                state=visit.state.value,
                allowed=refused.allowed,
            ) from None
        if change is None:
            return visit
        changed = await repository.apply_change(db, caller.chain, change)
        if changed is not None:
            return changed
    raise Conflict("The visit is being changed by others; try again")
