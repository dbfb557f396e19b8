"""API keys of the caller's chain."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_assignment.keys import CHAIN_SIDE, EVERY_ROLE, make_key
from incognita_assignment.keys import revoke_key as revoke
from incognita_assignment.repository.keys import list_keys as read_keys
from incognita_assignment.routes.dependencies import Agency, Db, KeyKeeper, PathId
from incognita_assignment.schemas.keys import KeyView, MadeKey, NewKey
from incognita_shared.auth import Role
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/keys", tags=["keys"])


def key_view(document: dict[str, Any]) -> KeyView:
    """A stored key as it is shown."""
    fields = {name: document[name] for name in KeyView.model_fields if name != "key_id"}
    return KeyView(key_id=document["_id"], **fields)


def made_key(document: dict[str, Any], key: str) -> MadeKey:
    """A new key as it is shown, this once with its secret."""
    return MadeKey(**key_view(document).model_dump(), key=key)


def _roles_seen_by(role: Role) -> frozenset[Role]:
    return EVERY_ROLE if role is Role.AGENCY else CHAIN_SIDE


@router.post("", status_code=201, summary="Make a key", responses=problem_responses(422))
async def create_key(body: NewKey, db: Db, caller: Agency) -> MadeKey:
    """A key for the caller's chain in any role but operator. The answer shows it, once."""
    return made_key(*await make_key(db, caller.chain, body))


@router.get("", summary="List the chain's keys", responses=problem_responses(422))
async def list_keys(
    db: Db,
    caller: KeyKeeper,
    shopper_id: Annotated[
        Id | None, Query(description="Of this shopper only: the phones that were set up")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[KeyView]:
    """Rights and names, without the keys. A chain manager sees those of the chain's own staff."""
    after = decode_cursor(cursor)
    found = await read_keys(
        db,
        caller.chain,
        _roles_seen_by(caller.role),
        shopper_id=shopper_id,
        after=after[0] if after else None,
        limit=limit + 1,
    )
    return page_of(found, limit, item=key_view)


@router.delete(
    "/{key_id}", status_code=204, summary="Revoke a key", responses=problem_responses(404, 409)
)
async def revoke_key(key_id: PathId, db: Db, caller: KeyKeeper) -> None:
    """From here at once; in the other services within seconds. A second time changes nothing."""
    await revoke(db, caller.chain, key_id, roles=_roles_seen_by(caller.role))
