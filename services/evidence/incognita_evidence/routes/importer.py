"""The import of many reports at once: by an agency for its chain, by a shopper for own visits."""

import asyncio
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pymongo.errors import PyMongoError

from incognita_evidence.importing import Result, import_lines
from incognita_evidence.lines import batches
from incognita_evidence.routes.provided import desk_of
from incognita_evidence.schemas.given import IMPORT_EXAMPLE
from incognita_evidence.schemas.shown import ImportResults
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.http.faults import problem_of
from incognita_shared.problems import (
    Overloaded,
    Problem,
    TooLarge,
    UnsupportedMedia,
    problem_responses,
)

PATH = "/v1/reports:import"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
router = APIRouter(tags=["import"])

Importer = Annotated[Principal, Depends(allow(Role.AGENCY, Role.SHOPPER))]
_EXAMPLE = orjson.dumps(IMPORT_EXAMPLE).decode()
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {NDJSON[0]: {"schema": {"type": "string"}, "example": f"{_EXAMPLE}\n"}},
    }
}


@router.post(
    PATH,
    summary="Import reports, one a line",
    description=(
        "Each line (NDJSON) is a submission with its `visit_id` and `idempotency_key`, accepted or "
        "refused as if it had been submitted by itself; a bad line refuses itself alone. Sent "
        "again, the same lines get the same answers. A request that ends early names in `results` "
        "what was accepted before. An agency imports for its whole chain, a shopper own visits."
    ),
    response_model=ImportResults,
    responses=problem_responses(413, 415),
    openapi_extra=_BODY,
)
async def import_reports(request: Request, importer: Importer) -> Response:
    _check_type(request)
    at_once: asyncio.Semaphore = request.app.state.imports
    if at_once.locked():
        raise Overloaded("Too many imports at once; try again in a moment")
    results: list[Result] = []
    async with at_once:
        try:
            await _take_in(request, importer, results)
        except (Problem, PyMongoError) as error:
            problem = problem_of(error)
            problem.extras["results"] = results
            raise problem from error
    accepted = sum(result["status"] == 200 for result in results)  # noqa: PLR2004
    answer = {"accepted": accepted, "refused": len(results) - accepted, "results": results}
    return Response(orjson.dumps(answer), media_type="application/json")


async def _take_in(request: Request, importer: Principal, results: list[Result]) -> None:
    state = request.app.state
    desk = desk_of(request, importer)
    most = state.settings.evidence.import_lines
    shopper_id = importer.shopper_id if importer.role is Role.SHOPPER else None
    cut = batches(request.stream(), longest=state.settings.http.body_limit_bytes)
    async with aclosing(cut):
        async for lines in cut:
            if len(results) + len(lines) > most:
                raise TooLarge(f"An import has at most {most:,} lines")
            results += await import_lines(lines, desk=desk, shopper_id=shopper_id)
            state.wake()


def _check_type(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in NDJSON:
        raise UnsupportedMedia(
            f"Send `Content-Type: {NDJSON[0]}`", headers={"Accept": ", ".join(NDJSON)}
        )
