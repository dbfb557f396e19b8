"""Scores, for the agency, reviewers and the chain's own roles."""

from typing import Annotated

from fastapi import APIRouter, Query

from incognita_scoring.routes.provided import (
    Reader,
    ReadScores,
    ReviewedScores,
    Reviewer,
    Visible,
    VisitId,
    WaveId,
)
from incognita_scoring.rules import ReviewState
from incognita_scoring.schemas.shown import (
    ReviewedRevision,
    ReviewedScore,
    RevisionView,
    ScoreRow,
    ScoreView,
    WaveCounts,
)
from incognita_scoring.views import (
    client_revision_view,
    client_view,
    reviewer_revision_view,
    reviewer_view,
)
from incognita_scoring.visibility import sees_all
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1", tags=["scores"])


@router.get(
    "/scores",
    summary="List scores",
    description=(
        "Scores in order of visit id. The chain's roles see approved ones only, branch and "
        "franchise managers those of their own branches."
    ),
    responses=problem_responses(422),
)
async def list_scores(
    scores: ReadScores,
    visible: Visible,
    *,
    wave_id: Annotated[Id | None, Query(description="Only of this wave")] = None,
    branch_id: Annotated[Id | None, Query(description="Only of this branch")] = None,
    state: Annotated[ReviewState | None, Query(description="Only in this state")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ScoreRow]:
    # naming all states lets one index serve the list with and without a state, in order
    states = [state] if state else list(ReviewState)
    named = {"wave_id": wave_id, "branch_id": branch_id}
    filters = {name: value for name, value in named.items() if value is not None}
    after = decode_cursor(cursor)
    found = await scores.list_scores(
        {"$and": [visible, {**filters, "state": {"$in": states}}]},
        after=after[0] if after else None,
        limit=limit + 1,
    )
    return page_of(found, limit, item=ScoreRow.of)


@router.get(
    "/scores/{visit_id}",
    summary="Read a visit's score",
    description=(
        "The newest revision, with every point and its reason. The agency and reviewers also get "
        "findings and decisions; the chain's roles get it once it is approved, without the "
        "questions that are not for them."
    ),
    responses=problem_responses(404),
)
async def get_score(
    visit_id: VisitId, reader: Reader, *, scores: ReadScores, visible: Visible
) -> ReviewedScore | ScoreView:
    score = await scores.get_score(visit_id, visible)
    revision = await scores.get_revision(score)
    questionnaire = await scores.find_questionnaire(score)
    view = reviewer_view if sees_all(reader) else client_view
    return view(score, revision, questionnaire)


@router.get(
    "/scores/{visit_id}/revisions",
    summary="List a score's revisions",
    description=(
        "Every revision as it was made, the first one first; none is ever changed. The agency and "
        "reviewers see which answers differ from the revision before; the chain's roles see what "
        "was approved."
    ),
    responses=problem_responses(404),
)
async def list_score_revisions(
    visit_id: VisitId, reader: Reader, *, scores: ReadScores, visible: Visible
) -> list[ReviewedRevision] | list[RevisionView]:
    score = await scores.get_score(visit_id, visible)
    approved, revisions = score.approved_revisions(), await scores.list_revisions(visit_id)
    if not sees_all(reader):
        return [
            client_revision_view(each, await scores.find_questionnaire(each), approved=True)
            for each in revisions
            if each.score_revision in approved
        ]
    return [
        reviewer_revision_view(
            each,
            await scores.find_questionnaire(each),
            approved=each.score_revision in approved,
            before=before,
        )
        for before, each in zip([None, *revisions], revisions, strict=False)
    ]


@router.get(
    "/waves/{wave_id}/counts",
    summary="Count a wave's scored reports by state",
    description="An unknown wave has none.",
)
async def count_wave_scores(wave_id: WaveId, _: Reviewer, *, scores: ReviewedScores) -> WaveCounts:
    counts = await scores.count_by_state(wave_id)
    by_state = {state.value: counts.get(state, 0) for state in ReviewState}
    return WaveCounts(wave_id=wave_id, scored=sum(by_state.values()), **by_state)
