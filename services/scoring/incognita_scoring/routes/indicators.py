"""NPS and CSI of approved reports."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from incognita_scoring.indicators import csi, nps
from incognita_scoring.repository.ratings import Ratings
from incognita_scoring.routes.provided import Reader, Visible
from incognita_scoring.schemas.indicators import FIELDS, GroupBy, GroupIndicators
from incognita_scoring.visibility import sees_all
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/indicators", tags=["indicators"])


async def ratings_read(request: Request, reader: Reader) -> Ratings:
    """The ratings of the reader's chain."""
    return Ratings(request.app.state.db, reader.chain)


@router.get(
    "",
    summary="Read NPS and CSI",
    description=(
        "Of approved reports only, from their newest score. The NPS is the share of ratings 9 and "
        "10 minus that of 0 to 6 (-100 to 100); the CSI is the mean rating of each question "
        "between the ends of its scale, weighed by its importance (0 to 100). Branch and franchise "
        "managers get those of their own branches, the chain's roles none of hidden questions."
    ),
    responses=problem_responses(422),
)
async def read_indicators(
    reader: Reader,
    visible: Visible,
    ratings: Annotated[Ratings, Depends(ratings_read)],
    *,
    wave_id: Annotated[
        list[Id],
        Query(
            min_length=1,
            max_length=50,
            description="Of these waves",
            examples=[["0193c1f0a1b27c3d8e4f5a6b7c8d9e01"]],
        ),
    ],
    branch_id: Annotated[Id | None, Query(description="Only of this branch")] = None,
    group_by: Annotated[GroupBy, Query(description="What to group by")] = GroupBy.WAVE,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[GroupIndicators]:
    by, after = FIELDS[group_by], decode_cursor(cursor)
    wanted: dict[str, Any] = {"wave_id": {"$in": wave_id}}
    where = {"$and": [visible, wanted | ({"branch_id": branch_id} if branch_id else {})]}
    groups = await ratings.list_groups(
        where, by, after=after[0] if after else None, limit=limit + 1
    )
    shown = [each["_id"] for each in groups[:limit]]
    counted = await ratings.count_ratings(where, by, shown, hidden=sees_all(reader))
    return page_of(
        groups,
        limit,
        item=lambda each: GroupIndicators(
            group=each["_id"],
            reports=each["reports"],
            nps=nps(counted[each["_id"]]),
            csi=csi(counted[each["_id"]]),
        ),
    )
