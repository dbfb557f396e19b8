"""Payouts: the agency's list, and each shopper's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from incognita_assignment import payouts
from incognita_assignment.payout import Payout, PayoutState
from incognita_assignment.repository import payouts as repository
from incognita_assignment.routes.dependencies import Agency, Db, PathId
from incognita_assignment.schemas.payouts import MarkPaid, PayoutView
from incognita_assignment.visits import scope_of
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/payouts", tags=["payouts"])

Reader = Annotated[Principal, Depends(allow(Role.AGENCY, Role.SHOPPER))]


@router.get("", summary="List payouts", responses=problem_responses(422))
async def list_payouts(
    db: Db,
    caller: Reader,
    state: Annotated[PayoutState | None, Query(description="In this state only")] = None,
    wave_id: Annotated[Id | None, Query(description="Of this wave only")] = None,
    unapproved: Annotated[
        bool, Query(description="Only those whose report is not approved any more")
    ] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[PayoutView]:
    """By id. Shoppers see their own."""
    after = decode_cursor(cursor)
    found = await repository.list_payouts(
        db,
        caller.chain,
        shopper_id=scope_of(caller).shopper_id,
        wave_id=wave_id,
        state=state,
        unapproved=unapproved,
        after=after[0] if after else None,
        limit=limit,
    )
    return page_of(found, limit, item=lambda document: _view(Payout.of_document(document)))


@router.post(
    "/{payout_id}:mark-paid",
    summary="Note that a payout was paid",
    responses=problem_responses(404, 409, 422),
)
async def mark_payout_paid(
    db: Db,
    caller: Agency,
    payout_id: PathId,
    body: MarkPaid,
) -> PayoutView:
    """Again with the same reference changes nothing; with another one it is a conflict."""
    return _view(await payouts.mark_paid(db, caller.chain, payout_id, body.reference))


def _view(payout: Payout) -> PayoutView:
    return PayoutView.model_validate(payout.model_dump())
