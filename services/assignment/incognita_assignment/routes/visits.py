"""Visits: the agency's list, the shopper's offers, the chain's look without a shopper."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from incognita_assignment import visits
from incognita_assignment.repository import visits as repository
from incognita_assignment.routes.dependencies import Agency, Db, PathId
from incognita_assignment.rules import VisitState
from incognita_assignment.schemas.questionnaire_for_shoppers import QuestionnaireToAnswer
from incognita_assignment.schemas.visits import (
    AgencyVisit,
    Decline,
    ShopperVisit,
    VisitView,
    view_for,
)
from incognita_assignment.schemas.waves import Reason
from incognita_assignment.visit import Visit
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/visits", tags=["visits"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Reader = Annotated[Principal, Depends(allow(*(role for role in Role if role is not Role.OPERATOR)))]


@router.get("", summary="List visits", responses=problem_responses(422))
async def list_visits(
    db: Db,
    caller: Reader,
    wave_id: Annotated[Id | None, Query(description="Of this wave only")] = None,
    branch_id: Annotated[Id | None, Query(description="At this branch only")] = None,
    state: Annotated[VisitState | None, Query(description="In this state only")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[VisitView]:
    """By id. Shoppers see their own offers and visits, with terms and the way there.

    The chain sees neither shopper nor money; franchise and branch managers see their own branches,
    and those only when a report is approved.
    """
    after = decode_cursor(cursor)
    which = visits.narrowed(
        visits.scope_of(caller), wave_id=wave_id, branch_id=branch_id, state=state
    )
    found = await repository.list_visits(
        db, caller.chain, which, after=after[0] if after else None, limit=limit
    )
    return page_of(
        found, limit, item=lambda document: view_for(caller, Visit.of_document(document))
    )


@router.get(
    "/{visit_id}/questionnaire",
    summary="Get the questionnaire of a visit",
    responses=problem_responses(404, 422),
)
async def get_visit_questionnaire(
    db: Db, caller: Shopper, visit_id: PathId
) -> QuestionnaireToAnswer:
    """What the shopper has to answer and prove, without anything about scoring."""
    return await visits.get_questionnaire(db, caller, visit_id)


@router.post(
    "/{visit_id}:accept",
    summary="Accept an offer",
    response_model=ShopperVisit,
    responses=problem_responses(404, 409, 422),
)
async def accept_visit(db: Db, caller: Shopper, visit_id: PathId) -> VisitView:
    """Agree to the terms as they stand. Again changes nothing; 409 once the offer has run out."""
    return view_for(caller, await visits.accept_visit(db, caller, visit_id))


@router.post(
    "/{visit_id}:decline",
    summary="Decline an offer",
    response_model=ShopperVisit,
    responses=problem_responses(404, 409, 422),
)
async def decline_visit(db: Db, caller: Shopper, visit_id: PathId, body: Decline) -> VisitView:
    """Turn the offer down; somebody else may get it. Again changes nothing."""
    visit = await visits.decline_visit(db, caller, visit_id, body.reason)
    return view_for(caller, visit)


@router.post(
    "/{visit_id}:cancel",
    summary="Cancel a visit",
    response_model=AgencyVisit,
    responses=problem_responses(404, 409, 422),
)
async def cancel_visit(db: Db, caller: Agency, visit_id: PathId, body: Reason) -> VisitView:
    """Call a visit off while there is no report; a report that exists is judged instead."""
    visit = await visits.cancel_visit(db, caller, visit_id, body.reason)
    return view_for(caller, visit)


# After the moves: a path is matched by the first route that fits, and an id may hold a colon.
@router.get("/{visit_id}", summary="Get a visit", responses=problem_responses(404, 422))
async def get_visit(db: Db, caller: Reader, visit_id: PathId) -> VisitView:
    """The visit as the caller may see it."""
    return view_for(caller, await visits.get_visit(db, caller, visit_id))
