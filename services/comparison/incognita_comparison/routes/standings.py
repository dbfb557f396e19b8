"""Who is where: league tables, one branch, a branch manager's position, counts."""

from bisect import bisect_right
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from incognita_comparison.answers import basis_answer, distribution_answer, standing_answer
from incognita_comparison.groups import GroupKind
from incognita_comparison.repository.reading import count_results
from incognita_comparison.routes.access import (
    BranchId,
    Db,
    LeaguesOf,
    WaveId,
    comparing,
    get_wave,
)
from incognita_comparison.schemas.standings import (
    CountsAnswer,
    OneStandingAnswer,
    PositionAnswer,
    StandingsAnswer,
)
from incognita_comparison.standings import Standing
from incognita_comparison.visibility import (
    FEWEST_OTHERS,
    distribution,
    named_rows,
    own_branches,
)
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.pagination import Cursor, Limit, decode_cursor, encode_cursor
from incognita_shared.problems import Forbidden, NotFound, problem_responses

router = APIRouter(prefix="/v1/waves/{wave_id}", tags=["standings"])

By = Annotated[GroupKind, Query(description="What is compared")]
TOO_FEW = (
    f"There are fewer than {FEWEST_OTHERS} others with a score in this wave, so they could be told"
    " by name from a distribution"
)


@router.get(
    "/standings",
    summary="The league table of a wave",
    description=(
        "From the best estimate down; every row with its interval, its number of visits and the"
        " range of ranks that can't be excluded. Agency, reviewers and chain managers see all rows;"
        " a franchise manager sees own rows and the others as a distribution without names."
    ),
    responses=problem_responses(404, 422),
)
async def list_standings(
    wave_id: WaveId,
    principal: Annotated[Principal, Depends(comparing)],
    db: Db,
    leagues: LeaguesOf,
    by: By = GroupKind.BRANCH,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> StandingsAnswer:
    chain_id = principal.chain
    wave = await get_wave(db, chain_id, wave_id)
    after = decode_cursor(cursor, float, str)
    league = await leagues.league(chain_id, wave, by)
    branches = await leagues.branches(chain_id)
    own = own_branches(principal, branches)
    rows, rest = named_rows(league, own, branches)
    others = distribution(rest)
    start = bisect_right(rows, (-after[0], after[1]), key=_place) if after else 0
    shown = rows[start : start + limit]
    more = start + limit < len(rows)
    return StandingsAnswer(
        basis=basis_answer(league, with_mean=others is not None or not rest),
        items=[standing_answer(league, row) for row in shown],
        next_cursor=encode_cursor(shown[-1].estimate, shown[-1].key) if more else None,
        others=distribution_answer(others) if others else None,
        others_withheld=TOO_FEW if rest and others is None else None,
    )


@router.get(
    "/standings/{branch_id}",
    summary="One branch in a wave",
    description="The branch's row of the league table. A franchise manager sees own branches only.",
    responses=problem_responses(404, 422),
)
async def get_standing(
    wave_id: WaveId,
    branch_id: BranchId,
    principal: Annotated[Principal, Depends(comparing)],
    db: Db,
    leagues: LeaguesOf,
) -> OneStandingAnswer:
    chain_id = principal.chain
    wave = await get_wave(db, chain_id, wave_id)
    league = await leagues.league(chain_id, wave, GroupKind.BRANCH)
    branches = await leagues.branches(chain_id)
    own = own_branches(principal, branches)
    at = league.index.get(branch_id)
    if at is None or (own is not None and branch_id not in own):
        raise NotFound(f"No score of a branch {branch_id} counts in this wave")
    _, rest = named_rows(league, own, branches)
    return OneStandingAnswer(
        basis=basis_answer(league, with_mean=not rest or distribution(rest) is not None),
        standing=standing_answer(league, league.table.rows[at]),
    )


@router.get(
    "/position",
    summary="Where a branch manager's branches stand",
    description=(
        "Own rows, and the others as deciles without names. Refused while fewer than"
        f" {FEWEST_OTHERS} others have a score, as they could be told by name."
    ),
    responses=problem_responses(404, 422),
)
async def get_position(
    wave_id: WaveId,
    principal: Annotated[Principal, Depends(allow(Role.BRANCH_MANAGER))],
    db: Db,
    leagues: LeaguesOf,
) -> PositionAnswer:
    chain_id = principal.chain
    wave = await get_wave(db, chain_id, wave_id)
    league = await leagues.league(chain_id, wave, GroupKind.BRANCH)
    branches = await leagues.branches(chain_id)
    rows, rest = named_rows(league, own_branches(principal, branches), branches)
    others = distribution(rest)
    if others is None:
        raise Forbidden(TOO_FEW)
    return PositionAnswer(
        basis=basis_answer(league),
        items=[standing_answer(league, row) for row in rows],
        others=distribution_answer(others),
    )


@router.get(
    "/counts",
    summary="How far a wave is",
    description=(
        "Visits whose report is approved, which alone count; for the agency and reviewers also "
        "those that have a score."
    ),
    responses=problem_responses(404, 422),
)
async def get_counts(
    wave_id: WaveId, principal: Annotated[Principal, Depends(comparing)], db: Db
) -> CountsAnswer:
    wave = await get_wave(db, principal.chain, wave_id)
    scored, approved = await count_results(db, principal.chain, wave.id)
    told = scored if principal.role in (Role.AGENCY, Role.REVIEWER) else None
    return CountsAnswer(wave_id=wave.id, scored=told, approved=approved)


def _place(row: Standing) -> tuple[float, str]:
    return -row.estimate, row.key
