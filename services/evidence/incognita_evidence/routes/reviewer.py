"""What reviewers and the agency read. The chain's own roles see scores, never raw evidence."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from incognita_evidence.openrosa.reading import read_arrivals
from incognita_evidence.report import ReportState
from incognita_evidence.reviews import read_report
from incognita_evidence.routes.provided import Reader, VisitId, desk_of
from incognita_evidence.schemas.arrivals import ArrivalsView
from incognita_evidence.schemas.shown import ReportRow, ReviewedReport
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, encode_cursor
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/reports", tags=["reviewer"])


@router.get(
    "",
    summary="List reports",
    description="All reports of the chain in order of visit id, by wave, state or flag.",
    responses=problem_responses(422),
)
async def list_reports(
    request: Request,
    reader: Reader,
    *,
    wave_id: Annotated[Id | None, Query(description="Only reports of this wave")] = None,
    state: Annotated[ReportState | None, Query(description="Only in this state")] = None,
    flagged: Annotated[
        bool | None, Query(description="Only with, or without, findings above info")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ReportRow]:
    reports = desk_of(request, reader).reports
    after = decode_cursor(cursor)
    filters: dict[str, Any] = {"wave_id": wave_id, "state": state, "flagged": flagged}
    found = await reports.list_reports(
        {name: value for name, value in filters.items() if value is not None},
        after=after[0] if after else None,
        limit=limit + 1,
    )
    shown = found[:limit]
    more = len(found) > limit
    return Page(
        items=[ReportRow.of(report) for report in shown],
        next_cursor=encode_cursor(shown[-1].id) if more else None,
    )


@router.get(
    "/{visit_id}",
    summary="Read one report with its evidence",
    description=(
        "Answers, findings, and each item with a link that works for some minutes. That it was "
        "read is noted in the items' chain of custody. The shopper's id is for the agency only."
    ),
    responses=problem_responses(404, 422),
)
async def get_reviewed_report(
    request: Request, visit_id: VisitId, reader: Reader
) -> ReviewedReport:
    state = request.app.state
    return await read_report(
        visit_id,
        reader,
        reports=desk_of(request, reader).reports,
        store=state.store,
        expiry_s=state.settings.evidence.download_expiry_s,
    )


@router.get(
    "/{visit_id}/arrivals",
    summary="Read what phones sent for a visit",
    description=(
        "Each form that came by OpenRosa, which one counts, its versions and files, with links "
        "that work for some minutes. The XML itself and the files' names can tell who the shopper "
        "was, so they are for the agency only. That items were read is noted in their custody."
    ),
    responses=problem_responses(404, 422),
)
async def list_arrivals(request: Request, visit_id: VisitId, reader: Reader) -> ArrivalsView:
    return await read_arrivals(visit_id, reader, request.app.state.phone_desk(reader.chain))
