"""Quality of shoppers' reports, for the agency, and of reviewers' decisions."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from incognita_scoring.quality import reviewer_quality, shopper_quality
from incognita_scoring.repository.quality import Quality
from incognita_scoring.routes.periods import InPeriod
from incognita_scoring.routes.provided import Agency, Reviewer
from incognita_scoring.schemas.quality import ReviewerRow, ShopperRow
from incognita_shared.auth import Role
from incognita_shared.pagination import Cursor, Page, decode_cursor, encode_cursor
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/quality", tags=["quality"])

WaveIdGiven = Annotated[Id | None, Query(description="Only of this wave")]
Rows = Annotated[int, Query(ge=1, le=100, description="How many rows at most")]


async def quality_read(request: Request, reviewer: Reviewer) -> Quality:
    """What quality is read from, of the caller's chain."""
    return Quality(request.app.state.db, reviewer.chain)


ReadQuality = Annotated[Quality, Depends(quality_read)]


@router.get(
    "/shoppers",
    summary="Read the quality of shoppers' reports",
    description="For the agency: of visits in the period, by shopper, in order of their ids.",
    responses=problem_responses(422),
)
async def list_shopper_quality(
    _: Agency,
    quality: ReadQuality,
    period: InPeriod,
    *,
    wave_id: WaveIdGiven = None,
    limit: Rows = 50,
    cursor: Cursor = None,
) -> Page[ShopperRow]:
    after = decode_cursor(cursor)
    found = await quality.list_shoppers(
        period, wave_id, after=after[0] if after else None, limit=limit + 1
    )
    page = found[:limit]
    reports = await quality.reports_of_shoppers(page, period, wave_id)
    rows = [
        ShopperRow(shopper_id=one, **asdict(shopper_quality(reports[one])))
        for one in page
        if reports[one]
    ]
    more = len(found) > limit
    return Page(items=rows, next_cursor=encode_cursor(page[-1]) if more else None)


@router.get(
    "/reviewers",
    summary="Read the quality of reviewers' decisions",
    description=(
        "Of decisions in the period, by key, in order of their ids. A reviewer sees their own row."
    ),
    responses=problem_responses(422),
)
async def list_reviewer_quality(
    reviewer: Reviewer,
    quality: ReadQuality,
    period: InPeriod,
    *,
    wave_id: WaveIdGiven = None,
    limit: Rows = 50,
    cursor: Cursor = None,
) -> Page[ReviewerRow]:
    after = decode_cursor(cursor)
    if reviewer.role is Role.REVIEWER:
        found = [reviewer.key_id]
    else:
        found = await quality.list_reviewers(
            period, wave_id, after=after[0] if after else None, limit=limit + 1
        )
    page = found[:limit]
    reports = await quality.reports_of_reviewers(page, period, wave_id)
    rows = [
        ReviewerRow(
            key_id=one, **asdict(reviewer_quality(one, reports, period.since, period.until))
        )
        for one in page
    ]
    more = len(found) > limit
    return Page(items=rows, next_cursor=encode_cursor(page[-1]) if more else None)
