"""Chains and the keys of their agencies, for the operator."""

from typing import Any

from fastapi import APIRouter

from incognita_assignment import chains
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.keys import EVERY_ROLE, make_key, revoke_key
from incognita_assignment.repository.chains import list_chains as read_chains
from incognita_assignment.repository.keys import list_keys as read_keys
from incognita_assignment.routes.dependencies import Db, Operator, PathId
from incognita_assignment.routes.keys import key_view, made_key
from incognita_assignment.schemas.chains import ChainPatch, ChainView, NewChain
from incognita_assignment.schemas.keys import KeyView, MadeKey, NewKey
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1/chains", tags=["chains"])


def _view(document: dict[str, Any]) -> ChainView:
    fields = {name: document[name] for name in ChainView.model_fields if name != "chain_id"}
    return ChainView(chain_id=document["_id"], **fields)


@router.post("", status_code=201, summary="Make a chain", responses=problem_responses(422))
async def create_chain(
    body: NewChain, db: Db, caller: Operator, idempotency_key: IdempotencyKey = None
) -> ChainView:
    """A chain is a tenant: nothing that belongs to it is seen with another chain's key."""
    return _view(await chains.create_chain(db, body, idempotency_key=idempotency_key))


@router.get("", summary="List the chains", responses=problem_responses(422))
async def list_chains(
    db: Db, caller: Operator, limit: Limit = 100, cursor: Cursor = None
) -> Page[ChainView]:
    """All chains, by id."""
    after = decode_cursor(cursor)
    found = await read_chains(db, after=after[0] if after else None, limit=limit + 1)
    return page_of(found, limit, item=_view)


@router.get("/{chain_id}", summary="Look at a chain", responses=problem_responses(404))
async def get_chain(chain_id: PathId, db: Db, caller: Operator) -> ChainView:
    """One chain as it is now."""
    return _view(await chains.get_chain(db, chain_id))


@router.patch("/{chain_id}", summary="Change a chain", responses=problem_responses(404, 409))
async def change_chain(chain_id: PathId, body: ChainPatch, db: Db, caller: Operator) -> ChainView:
    """Set name or languages; what is left out stays."""
    fields = body.model_dump(mode="json", include=body.model_fields_set)
    return _view(await chains.change_chain(db, chain_id, fields))


@router.post(
    "/{chain_id}/keys",
    status_code=201,
    summary="Make a key for a chain",
    responses=problem_responses(404, 422),
)
async def create_chain_key(chain_id: PathId, body: NewKey, db: Db, caller: Operator) -> MadeKey:
    """The answer shows the key, once. A chain's first key is made so, usually its agency's."""
    await chains.get_chain(db, chain_id)
    return made_key(*await make_key(db, chain_id, body))


@router.get(
    "/{chain_id}/keys", summary="List a chain's keys", responses=problem_responses(404, 422)
)
async def list_chain_keys(
    chain_id: PathId, db: Db, caller: Operator, limit: Limit = 100, cursor: Cursor = None
) -> Page[KeyView]:
    """Rights and names, without the keys; the revoked too."""
    await chains.get_chain(db, chain_id)
    after = decode_cursor(cursor)
    found = await read_keys(
        db, chain_id, EVERY_ROLE, after=after[0] if after else None, limit=limit + 1
    )
    return page_of(found, limit, item=key_view)


@router.delete(
    "/{chain_id}/keys/{key_id}",
    status_code=204,
    summary="Revoke a chain's key",
    responses=problem_responses(404, 409),
)
async def revoke_chain_key(chain_id: PathId, key_id: PathId, db: Db, caller: Operator) -> None:
    """From here at once; in the other services within seconds. A second time changes nothing."""
    await revoke_key(db, chain_id, key_id, roles=EVERY_ROLE)
