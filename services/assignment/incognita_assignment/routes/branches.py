"""Branches, one by one."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import Field

from incognita_assignment import branches
from incognita_assignment.errors import no_such
from incognita_assignment.repository.branches import list_branches as read_branches
from incognita_assignment.routes.dependencies import BranchReader, CatalogKeeper, Db, PathId
from incognita_assignment.schemas.branches import BranchPatch, BranchView, NewBranch
from incognita_assignment.schemas.texts import PLAIN
from incognita_shared.auth import Principal, Role
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Ownership

router = APIRouter(prefix="/v1/branches", tags=["branches"])

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"?[0-9]{1,15}"?$',
        description="The version that the change was made for: 409 if there is a newer one",
    ),
]
Filter = Annotated[Annotated[str, Field(max_length=200), PLAIN] | None, Query()]


def _view(document: dict[str, Any]) -> BranchView:
    shown = BranchView.model_fields.keys() & document.keys()
    fields = {name: document[name] for name in shown}
    return BranchView(
        branch_id=document["_id"], **{**fields, "name": branches.shown_name(document)}
    )


def _seen_by(caller: Principal) -> dict[str, Any]:
    """What narrows the chain's branches to the caller's own."""
    if caller.role is Role.FRANCHISE_MANAGER:
        return {"franchisee_id": caller.franchisee_id}
    if caller.role is Role.BRANCH_MANAGER:
        return {"_id": {"$in": list(caller.branch_ids)}}
    return {}


@router.post("", status_code=201, summary="Add a branch", responses=problem_responses(409, 422))
async def create_branch(body: NewBranch, db: Db, caller: CatalogKeeper) -> BranchView:
    """One branch by hand; many are imported. Its id follows from the chain's own store id."""
    fields = body.model_dump(exclude={"store_id"})
    return _view(await branches.add_branch(db, caller.chain, body.store_id, fields))


@router.get("", summary="List the branches", responses=problem_responses(422))
async def list_branches(
    db: Db,
    caller: BranchReader,
    store_id: Filter = None,
    city: Filter = None,
    region: Filter = None,
    franchisee_id: Filter = None,
    ownership: Annotated[Ownership | None, Query()] = None,
    closed: Annotated[bool | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[BranchView]:
    """Branches that have all the values given, by id; texts are compared exactly.

    A franchise or branch manager sees the own ones.
    """
    given = {
        "store_id": store_id,
        "city": city,
        "region": region,
        "franchisee_id": franchisee_id,
        "ownership": ownership and str(ownership),
        "closed": closed,
    }
    criteria = {name: value for name, value in given.items() if value is not None}
    bounds = {"$and": [_seen_by(caller), criteria]}
    after = decode_cursor(cursor)
    found = await read_branches(
        db, caller.chain, bounds, after=after[0] if after else None, limit=limit + 1
    )
    return page_of(found, limit, item=_view)


@router.get("/{branch_id}", summary="Look at a branch", responses=problem_responses(404))
async def get_branch(branch_id: PathId, db: Db, caller: BranchReader) -> BranchView:
    """One branch as it is now."""
    bounds = {"$and": [_seen_by(caller), {"_id": branch_id}]}
    found = await read_branches(db, caller.chain, bounds, after=None, limit=1)
    if not found:
        raise no_such("branch", branch_id)
    return _view(found[0])


@router.patch("/{branch_id}", summary="Change a branch", responses=problem_responses(404, 409))
async def change_branch(
    branch_id: PathId, body: BranchPatch, db: Db, caller: CatalogKeeper, if_match: IfMatch = None
) -> BranchView:
    """Set what is given; what is left out stays. Visits on offer keep what they were told."""
    expected = int(if_match.strip('"')) if if_match else None
    document = await branches.change_branch(
        db, caller.chain, branch_id, body.fields(), expected_version=expected
    )
    return _view(document)


@router.post("/{branch_id}:close", summary="Close a branch", responses=problem_responses(404, 409))
async def close_branch(branch_id: PathId, db: Db, caller: CatalogKeeper) -> BranchView:
    """It stays, with its history, and gets no new visits. A second time changes nothing."""
    return _view(await branches.change_branch(db, caller.chain, branch_id, {"closed": True}))


@router.post(
    "/{branch_id}:reopen", summary="Reopen a branch", responses=problem_responses(404, 409)
)
async def reopen_branch(branch_id: PathId, db: Db, caller: CatalogKeeper) -> BranchView:
    """It gets visits again."""
    return _view(await branches.change_branch(db, caller.chain, branch_id, {"closed": False}))
