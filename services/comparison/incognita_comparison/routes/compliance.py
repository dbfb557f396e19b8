"""How often standards are met."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from incognita_comparison.compliance import FIELDS, METHOD, ROWS
from incognita_comparison.repository.reading import find_questionnaire
from incognita_comparison.routes.access import (
    OF_THE_CHAIN,
    Db,
    LeaguesOf,
    WaveId,
    concerned,
    get_wave,
)
from incognita_comparison.schemas.compliance import ComplianceAnswer, ComplianceKind
from incognita_comparison.standings import LEVEL
from incognita_comparison.visibility import own_branches
from incognita_shared.auth import Principal
from incognita_shared.problems import NotFound, NotYet, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/waves/{wave_id}", tags=["compliance"])


@router.get(
    "/compliance",
    summary="How often standards were met in a wave",
    description=(
        "By section or question, of the whole chain, or of one branch. Branch and franchise"
        " managers see their own branches only. Questions that are not visible to the client are"
        " shown to the agency and its reviewers alone."
    ),
    responses=problem_responses(404, 409, 422),
)
async def list_compliance(
    wave_id: WaveId,
    principal: Annotated[Principal, Depends(concerned)],
    db: Db,
    leagues: LeaguesOf,
    by: Annotated[ComplianceKind, Query(description="Of what the rows are")] = (
        ComplianceKind.SECTION
    ),
    branch_id: Annotated[Id | None, Query(description="This branch only")] = None,
    language: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, description="BCP 47"),
    ] = None,
) -> ComplianceAnswer:
    chain_id = principal.chain
    wave = await get_wave(db, chain_id, wave_id)
    branches = await leagues.branches(chain_id)
    chosen = own_branches(principal, branches)
    if branch_id is not None:
        if branch_id not in (branches if chosen is None else chosen):
            raise NotFound(f"There is no branch {branch_id}")
        chosen = frozenset([branch_id])
    questionnaire = await find_questionnaire(db, chain_id, wave.questionnaire)
    client = principal.role in OF_THE_CHAIN
    if questionnaire is None and client:
        raise NotYet("The wave's questionnaire has not arrived yet")
    sums = await leagues.answer_sums(chain_id, wave, FIELDS[by], chosen)
    return ComplianceAnswer(
        wave_id=wave.id,
        wave_name=wave.name,
        by=by,
        branch_id=branch_id,
        language=language or (questionnaire["default_language"] if questionnaire else None),
        method=METHOD,
        level=LEVEL,
        branches=sums.branches,
        items=ROWS[by](sums, questionnaire, language=language, everything=not client),
    )
