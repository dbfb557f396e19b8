"""Shoppers, for the agency alone."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_assignment import shoppers
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.repository.shoppers import page_of_shoppers
from incognita_assignment.routes.dependencies import Agency, Db, PathId
from incognita_assignment.schemas.shoppers import (
    MadeShoppers,
    NewShopper,
    ShopperBatch,
    ShopperPatch,
    ShopperView,
)
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["shoppers"])


def _view(document: dict[str, Any]) -> ShopperView:
    fields = {name: document[name] for name in ShopperView.model_fields if name != "shopper_id"}
    return ShopperView(shopper_id=document["_id"], **fields)


@router.post(
    "/shoppers", status_code=201, summary="Add a shopper", responses=problem_responses(409, 422)
)
async def create_shopper(
    body: NewShopper, db: Db, caller: Agency, idempotency_key: IdempotencyKey = None
) -> ShopperView:
    """Personal data stay in this service. A key is made with `POST /v1/keys`."""
    document = await shoppers.create_shopper(
        db, caller.chain, body, idempotency_key=idempotency_key
    )
    return _view(document)


@router.post(
    "/shoppers:batch",
    status_code=201,
    summary="Add up to 1,000 shoppers",
    responses=problem_responses(409, 422),
)
async def create_shoppers(
    body: ShopperBatch, db: Db, caller: Agency, idempotency_key: IdempotencyKey = None
) -> MadeShoppers:
    """All of them or none, each with a key if wanted, shown once. In the order of the request."""
    made = await shoppers.create_batch(db, caller.chain, body, idempotency_key=idempotency_key)
    return MadeShoppers(items=made)


@router.get("/shoppers", summary="List the shoppers", responses=problem_responses(422))
async def list_shoppers(
    db: Db,
    caller: Agency,
    active: Annotated[bool | None, Query(description="Only those who are (not) active")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ShopperView]:
    """The chain's shoppers, by id."""
    after = decode_cursor(cursor)
    found = await page_of_shoppers(
        db, caller.chain, active=active, after=after[0] if after else None, limit=limit + 1
    )
    return page_of(found, limit, item=_view)


@router.get("/shoppers/{shopper_id}", summary="Look at a shopper", responses=problem_responses(404))
async def get_shopper(shopper_id: PathId, db: Db, caller: Agency) -> ShopperView:
    """One shopper."""
    return _view(await shoppers.get_shopper(db, caller.chain, shopper_id))


@router.patch(
    "/shoppers/{shopper_id}", summary="Change a shopper", responses=problem_responses(404, 409)
)
async def change_shopper(
    shopper_id: PathId, body: ShopperPatch, db: Db, caller: Agency
) -> ShopperView:
    """Set what is given. An inactive shopper gets no more offers."""
    return _view(await shoppers.change_shopper(db, caller.chain, shopper_id, body.fields()))
