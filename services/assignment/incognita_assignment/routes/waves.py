"""Waves: made by the agency, opened, closed; the chain may look."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from incognita_assignment import waves
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.repository import waves as repository
from incognita_assignment.routes.dependencies import Agency, CatalogReader, Db, PathId
from incognita_assignment.rules import WaveMove
from incognita_assignment.schemas.waves import ClientWave, Reason, WaveBody, WaveCounts, WaveView
from incognita_assignment.wave import Wave
from incognita_shared.auth import Principal
from incognita_shared.mongo.client import Database
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/waves", tags=["waves"])

AnyWave = WaveView | ClientWave


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Draft a wave",
    response_model=WaveView,
    responses=problem_responses(422),
)
async def create_wave(
    db: Db, caller: Agency, body: WaveBody, idempotency_key: IdempotencyKey = None
) -> AnyWave:
    """One round of a programme: which branches, how often, on what terms. Nothing is offered yet.

    The questionnaire's version must be published.
    """
    wave = await waves.create_wave(db, caller.chain, body, idempotency_key)
    return waves.view_for(caller, wave)


@router.get("", summary="List waves", responses=problem_responses(422))
async def list_waves(
    db: Db,
    caller: CatalogReader,
    programme_id: Annotated[Id | None, Query(description="Of this programme only")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AnyWave]:
    """By id. The agency sees terms, budget and progress, others the wave's frame."""
    after = decode_cursor(cursor)
    found = await repository.list_waves(
        db,
        caller.chain,
        programme_id,
        after=after[0] if after else None,
        limit=limit,
    )
    return page_of(
        found, limit, item=lambda document: waves.view_for(caller, Wave.of_document(document))
    )


@router.get(
    "/{wave_id}/counts",
    summary="Count a wave's visits by state",
    responses=problem_responses(404, 422),
)
async def count_wave_visits(db: Db, caller: CatalogReader, wave_id: PathId) -> WaveCounts:
    """Every state is there, also with 0."""
    return await waves.count_visits(db, caller.chain, wave_id)


@router.post(
    "/{wave_id}:open",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Open a wave",
    response_model=WaveView,
    responses=problem_responses(404, 409, 422),
)
async def open_wave(db: Db, caller: Agency, wave_id: PathId) -> AnyWave:
    """Begin to offer its visits to shoppers: `opening` now, `open` when all are offered.

    `progress` tells how many are offered and why others found nobody. Again changes nothing.
    """
    return await _moved(db, caller, wave_id, WaveMove.OPEN)


@router.post(
    "/{wave_id}:reoffer",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Offer declined and expired visits anew",
    response_model=WaveView,
    responses=problem_responses(404, 409, 422),
)
async def reoffer_wave(db: Db, caller: Agency, wave_id: PathId) -> AnyWave:
    """Each gets a new visit for the next eligible shopper who had none at that branch.

    The old visit names its successor, the new one its predecessor; `reoffer` tells the progress.
    """
    return await _moved(db, caller, wave_id, WaveMove.REOFFER)


@router.post(
    "/{wave_id}:close",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Close a wave",
    response_model=WaveView,
    responses=problem_responses(404, 409, 422),
)
async def close_wave(db: Db, caller: Agency, wave_id: PathId) -> AnyWave:
    """No more offers: open ones are cancelled; visits that were accepted go on."""
    return await _moved(db, caller, wave_id, WaveMove.CLOSE)


@router.post(
    "/{wave_id}:cancel",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Cancel a wave",
    response_model=WaveView,
    responses=problem_responses(404, 409, 422),
)
async def cancel_wave(db: Db, caller: Agency, wave_id: PathId, body: Reason) -> AnyWave:
    """Calls off all its visits without a report; those that are reported are still judged."""
    return await _moved(db, caller, wave_id, WaveMove.CANCEL, reason=body.reason)


# After the moves: a path is matched by the first route that fits, and an id may hold a colon.
@router.get("/{wave_id}", summary="Get a wave", responses=problem_responses(404, 422))
async def get_wave(db: Db, caller: CatalogReader, wave_id: PathId) -> AnyWave:
    """The wave, with how far its offers have come and why visits found no shopper."""
    return waves.view_for(caller, await waves.get_wave(db, caller.chain, wave_id))


async def _moved(
    db: Database, caller: Principal, wave_id: str, move: WaveMove, *, reason: str | None = None
) -> AnyWave:
    wave = await waves.move_wave(db, caller.chain, wave_id, move, reason=reason)
    return waves.view_for(caller, wave)
