"""Programmes."""

from typing import Any

from fastapi import APIRouter

from incognita_assignment import programmes
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.repository.programmes import list_programmes as read_programmes
from incognita_assignment.routes.dependencies import Agency, CatalogReader, Db, PathId
from incognita_assignment.schemas.programmes import NewProgramme, ProgrammeView
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1/programmes", tags=["programmes"])


def _view(document: dict[str, Any]) -> ProgrammeView:
    return ProgrammeView(
        programme_id=document["_id"],
        name=document["name"],
        purpose=document["purpose"],
        created_at=document["created_at"],
    )


@router.post("", status_code=201, summary="Make a programme", responses=problem_responses(422))
async def create_programme(
    body: NewProgramme, db: Db, caller: Agency, idempotency_key: IdempotencyKey = None
) -> ProgrammeView:
    """A standing order; its rounds are waves."""
    document = await programmes.create_programme(
        db, caller.chain, body, idempotency_key=idempotency_key
    )
    return _view(document)


@router.get("", summary="List the programmes", responses=problem_responses(422))
async def list_programmes(
    db: Db, caller: CatalogReader, limit: Limit = 100, cursor: Cursor = None
) -> Page[ProgrammeView]:
    """The chain's programmes, by id."""
    after = decode_cursor(cursor)
    found = await read_programmes(
        db, caller.chain, after=after[0] if after else None, limit=limit + 1
    )
    return page_of(found, limit, item=_view)


@router.get("/{programme_id}", summary="Look at a programme", responses=problem_responses(404))
async def get_programme(programme_id: PathId, db: Db, caller: CatalogReader) -> ProgrammeView:
    """One programme."""
    return _view(await programmes.get_programme(db, caller.chain, programme_id))
