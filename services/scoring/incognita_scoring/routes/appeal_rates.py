"""How often branches appeal, against what, and how often they are right."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_scoring.routes.appeals import ReadAppeals
from incognita_scoring.routes.periods import InPeriod
from incognita_scoring.routes.provided import Reader, Visible
from incognita_scoring.schemas.appeals import AppealRate
from incognita_scoring.schemas.quality import AppealGroup
from incognita_shared.auth import Role
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import Forbidden, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1", tags=["appeals"])
FIELDS = {
    AppealGroup.BRANCH: "branch_id",
    AppealGroup.QUESTION: "question_id",
    AppealGroup.SHOPPER: "shopper_id",
}


@router.get(
    "/appeals:rates",
    summary="Count appeals by branch, question or shopper",
    description=(
        "Of appeals opened in the period, beside the approved reports of visits in it. By shopper "
        "for the agency alone; managers get those of their own branches."
    ),
    responses=problem_responses(422),
)
async def count_appeal_rates(
    reader: Reader,
    appeals: ReadAppeals,
    visible: Visible,
    period: InPeriod,
    *,
    group_by: Annotated[AppealGroup, Query(description="What to count by")] = AppealGroup.BRANCH,
    wave_id: Annotated[Id | None, Query(description="Only of this wave")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AppealRate]:
    if group_by is AppealGroup.SHOPPER and reader.role is not Role.AGENCY:
        raise Forbidden("Who the shopper was is for the agency alone")
    field, after = FIELDS[group_by], decode_cursor(cursor)
    within = {"$gte": period.since, "$lt": period.until}
    own: dict[str, Any] = {"branch_id": visible["branch_id"]} if "branch_id" in visible else {}
    wave = {"wave_id": wave_id} if wave_id else {}
    groups = await appeals.count_appeals(
        field,
        {**own, **wave, "opened_at": within},
        after=after[0] if after else None,
        limit=limit + 1,
    )
    reports: dict[str, int] = {}
    if group_by is not AppealGroup.QUESTION:
        names = [each["_id"] for each in groups[:limit]]
        reports = await appeals.count_approved(field, names, {**wave, "visited_at": within})
    counted = group_by is not AppealGroup.QUESTION
    return page_of(
        groups, limit, item=lambda each: _rate(each, reports.get(each["_id"], 0), counted)
    )


def _rate(group: dict[str, Any], reports: int, counted: bool) -> AppealRate:
    decided = group["upheld"] + group["declined"]
    return AppealRate(
        id=group["_id"],
        **{name: group[name] for name in ("opened", "open", "upheld", "declined")},
        upheld_share=round(group["upheld"] / decided, 4) if decided else None,
        reports=reports if counted else None,
        per_100_reports=round(100 * group["opened"] / reports, 4) if counted and reports else None,
    )
