"""Rescores: a preview of what a corrected questionnaire changes, then its application."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from incognita_scoring.repository.rescores import Rescores, read_change
from incognita_scoring.rescoring.changes import Change
from incognita_scoring.rescoring.job import Rescore
from incognita_scoring.rescoring.requests import (
    apply_rescore,
    cancel_rescore,
    get_rescore,
    start_rescore,
)
from incognita_scoring.schemas.rescores import (
    NewRescore,
    Order,
    RescoreRow,
    RescoreView,
)
from incognita_scoring.visibility import FULL
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/rescores", tags=["rescores"])

RescoreId = Annotated[
    Id, Path(description="The rescore's id", examples=["0193c1f0a1b27c3d8e4f5a6b7c8d9e11"])
]
Agency = Annotated[Principal, Depends(allow(Role.AGENCY))]
Reader = Annotated[Principal, Depends(allow(*FULL))]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text, new for each new thing: a repeated request makes nothing twice",
    ),
]


async def rescores_begun(request: Request, agency: Agency) -> Rescores:
    """The rescores of the agency's chain."""
    return Rescores(request.app.state.db, agency.chain)


async def rescores_read(request: Request, reader: Reader) -> Rescores:
    """The rescores of the reader's chain."""
    return Rescores(request.app.state.db, reader.chain)


OwnRescores = Annotated[Rescores, Depends(rescores_begun)]
ReadRescores = Annotated[Rescores, Depends(rescores_read)]


@router.post(
    "",
    status_code=202,
    summary="Begin a rescore",
    description=(
        "Scores every report of a wave (or of all waves of a questionnaire) anew from its stored "
        "answers and shows what would change. Nothing is changed before `:apply`. One open "
        "rescore for each wave."
    ),
    responses=problem_responses(409, 422),
)
async def begin_rescore(
    body: NewRescore,
    agency: Agency,
    rescores: OwnRescores,
    idempotency_key: IdempotencyKey = None,
) -> RescoreView:
    job = await start_rescore(
        rescores,
        body,
        chain_id=agency.chain,
        key_id=agency.key_id,
        idempotency_key=idempotency_key,
    )
    return RescoreView.of(job)


@router.get(
    "",
    summary="List rescores",
    description="In order of id, from the highest.",
    responses=problem_responses(422),
)
async def list_rescores(
    rescores: ReadRescores, limit: Limit = 100, cursor: Cursor = None
) -> Page[RescoreRow]:
    before = decode_cursor(cursor)
    found = await rescores.list_rescores(before=before[0] if before else None, limit=limit + 1)
    return page_of(found, limit, item=lambda one: RescoreRow.of(Rescore.of(one)))


@router.get(
    "/{rescore_id}/changes",
    summary="List what a rescore changes, report by report",
    description=(
        "Before and after, the questions responsible and what is doubtful; once applied, the new "
        "revision. Complete once the rescore is `previewed`."
    ),
    responses=problem_responses(404, 422),
)
async def list_changes(
    rescore_id: RescoreId,
    rescores: ReadRescores,
    *,
    order: Annotated[Order, Query(description="Visit id, or the greatest losses or gains first")]
    = Order.VISIT,
    changed: Annotated[
        bool | None, Query(description="Only reports whose result changes, or only the others")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Change]:  # fmt: skip
    await get_rescore(rescores, rescore_id)
    where: dict[str, Any] = {} if changed is None else {"changed": changed}
    where |= _beyond(order, cursor)
    found = await rescores.list_changes(rescore_id, where, sort=_SORTS[order], limit=limit + 1)
    return page_of(found, limit, item=read_change, key=lambda one: _key(order, one))


@router.post(
    "/{rescore_id}:apply",
    status_code=202,
    summary="Apply a previewed rescore",
    description=(
        "Every report gets a new revision; none is overwritten. What was approved is approved "
        "again with its new score, what waits goes on waiting. A report that was corrected after "
        "the preview is scored from its newest answers. Again: no change."
    ),
    responses=problem_responses(404, 409),
)
async def apply_a_rescore(
    rescore_id: RescoreId, agency: Agency, rescores: OwnRescores
) -> RescoreView:
    return RescoreView.of(await apply_rescore(rescores, rescore_id, key_id=agency.key_id))


@router.post(
    "/{rescore_id}:cancel",
    summary="Cancel a rescore",
    description="Possible until it is applied. Its rows stay readable. Again: no change.",
    responses=problem_responses(404, 409),
)
async def cancel_a_rescore(rescore_id: RescoreId, rescores: OwnRescores) -> RescoreView:
    return RescoreView.of(await cancel_rescore(rescores, rescore_id))


# after the verbs, so that a wrong method on one of them is answered with the right `Allow`
@router.get(
    "/{rescore_id}",
    summary="Read a rescore",
    description="Its state, how far it is, and what it would change once its preview is done.",
    responses=problem_responses(404),
)
async def read_rescore(rescore_id: RescoreId, rescores: ReadRescores) -> RescoreView:
    return RescoreView.of(await get_rescore(rescores, rescore_id))


_SORTS = {
    Order.VISIT: [("_id", 1)],
    Order.LOSSES: [("units", 1), ("_id", 1)],
    Order.GAINS: [("units", -1), ("_id", -1)],
}


def _key(order: Order, row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["_id"],) if order is Order.VISIT else (row["units"], row["_id"])


def _beyond(order: Order, cursor: str | None) -> dict[str, Any]:
    if order is Order.VISIT:
        after = decode_cursor(cursor)
        return {"_id": {"$gt": after[0]}} if after else {}
    key = decode_cursor(cursor, int, str)
    if key is None:
        return {}
    units, name = key
    further = "$gt" if order is Order.LOSSES else "$lt"
    return {"$or": [{"units": {further: units}}, {"units": units, "_id": {further: name}}]}
