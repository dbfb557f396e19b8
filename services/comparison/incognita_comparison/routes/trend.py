"""How branches and groups move over waves."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from incognita_comparison.answers import group_answer
from incognita_comparison.groups import Group, GroupKind
from incognita_comparison.repository.reading import (
    find_branch,
    list_sums_of_branch,
    list_waves,
)
from incognita_comparison.routes.access import BranchId, Db, LeaguesOf, comparing, concerned
from incognita_comparison.schemas.trend import (
    BranchTrendAnswer,
    SeriesAnswer,
    TrendAnswer,
    TrendKind,
)
from incognita_comparison.standings import METHOD
from incognita_comparison.trends import branch_points, chain_series, group_series
from incognita_comparison.visibility import own_branches
from incognita_shared.auth import Principal
from incognita_shared.pagination import Cursor, Limit, decode_cursor, encode_cursor
from incognita_shared.problems import NotFound, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1", tags=["trend"])

Waves = Annotated[int, Query(ge=1, le=36, description="The waves that started last, at most")]


@router.get(
    "/branches/{branch_id}/trend",
    summary="A branch over waves",
    description=(
        "Its points in the waves that started last, oldest first, of all programmes: points of one"
        " programme, channel and scenario compare. Branch and franchise managers see own branches."
    ),
    responses=problem_responses(404, 422),
)
async def get_branch_trend(
    branch_id: BranchId,
    principal: Annotated[Principal, Depends(concerned)],
    db: Db,
    leagues: LeaguesOf,
    waves: Waves = 12,
) -> BranchTrendAnswer:
    chain_id = principal.chain
    branch = await find_branch(db, chain_id, branch_id)
    if branch is not None:
        own = own_branches(principal, {branch.id: branch})
        branch = branch if own is None or branch.id in own else None
    if branch is None:
        raise NotFound(f"There is no branch {branch_id}")
    sums = await list_sums_of_branch(db, chain_id, branch_id, limit=waves)
    visits = sum(one.count for _, one in sums)
    name = branch.name or branch.store_id
    return BranchTrendAnswer(
        group=group_answer(Group(GroupKind.BRANCH, branch.id, name, visits, 1, branch)),
        method=METHOD,
        points=await branch_points(leagues, chain_id, sums),
    )


@router.get(
    "/trend",
    summary="The chain, or its groups, over waves",
    description=(
        "A series for each group, over the waves of one programme that started last; without"
        " `programme_id`, of the programme whose wave started last. A group's estimate in a wave is"
        " that of the wave's standings. A franchise manager sees the groups that standings name."
    ),
    responses=problem_responses(422),
)
async def list_trends(
    principal: Annotated[Principal, Depends(comparing)],
    db: Db,
    leagues: LeaguesOf,
    by: Annotated[TrendKind, Query(description="Of what")] = TrendKind.CHAIN,
    programme_id: Annotated[Id | None, Query(description="Waves of this programme only")] = None,
    waves: Waves = 12,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TrendAnswer:
    chain_id = principal.chain
    after = decode_cursor(cursor, str)
    if programme_id is None:
        newest = await list_waves(db, chain_id, limit=1)
        programme_id = newest[0].programme_id if newest else None
    chosen = (
        await list_waves(db, chain_id, programme_id=programme_id, limit=waves)
        if programme_id is not None
        else []
    )
    branches = await leagues.branches(chain_id)
    own = own_branches(principal, branches)
    more = False
    if by is TrendKind.CHAIN:
        shown = await chain_series(leagues, chain_id, chosen, own)
    else:
        shown, more = await group_series(
            leagues,
            chain_id,
            chosen,
            by,
            own=own,
            branches=branches,
            after=after[0] if after else None,
            limit=limit,
        )
    return TrendAnswer(
        by=by,
        programme_id=programme_id,
        method=METHOD,
        items=shown,
        next_cursor=encode_cursor(_key(shown[-1])) if more else None,
    )


def _key(series: SeriesAnswer) -> str:
    return series.group.id if series.group else ""
