"""The reviewers' queue and their decisions."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_scoring.repository.scores import Scores
from incognita_scoring.reviews import decide
from incognita_scoring.routes.provided import ReviewedScores, Reviewer, VisitId
from incognita_scoring.rules import ReviewState, Verb
from incognita_scoring.schemas.given import Approval, Refusal
from incognita_scoring.schemas.shown import ReviewedScore, ReviewRow
from incognita_scoring.score import Score
from incognita_scoring.views import reviewer_view
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import Invalid, field_error, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@router.get(
    "",
    summary="List reports in review",
    description="By default those that wait, the one that has waited longest first.",
    responses=problem_responses(422),
)
async def list_reviews(
    scores: ReviewedScores,
    *,
    state: Annotated[ReviewState, Query(description="In this state")] = ReviewState.WAITING,
    wave_id: Annotated[Id | None, Query(description="Only of this wave")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ReviewRow]:
    where: dict[str, Any] = {"state": state.value} | ({"wave_id": wave_id} if wave_id else {})
    found = await scores.list_reviews(where, after=_after(cursor), limit=limit + 1)
    return page_of(
        found,
        limit,
        item=ReviewRow.of,
        key=lambda one: ((one["opened_at"] - _EPOCH) // _MILLISECOND, one["_id"]),
    )


@router.post(
    "/{visit_id}:approve",
    summary="Approve a report",
    description="The report counts and the shopper is paid. Again for the same one: no change.",
    responses=problem_responses(404, 409),
)
async def approve_report(
    visit_id: VisitId, approval: Approval, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    score = await decide(
        scores,
        visit_id,
        Verb.APPROVE,
        key_id=reviewer.key_id,
        report_revision=approval.report_revision,
        text=approval.note,
    )
    return await _shown(scores, score)


@router.post(
    "/{visit_id}:return",
    summary="Return a report to the shopper",
    description="The shopper corrects it; its next revision is scored anew.",
    responses=problem_responses(404, 409),
)
async def return_report(
    visit_id: VisitId, refusal: Refusal, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _refuse(scores, visit_id, Verb.RETURN, refusal, reviewer)


@router.post(
    "/{visit_id}:reject",
    summary="Reject a report",
    description=(
        "The report does not count and is not paid. An approved one can still be rejected: it "
        "leaves the standings, and what was due to the shopper stays due."
    ),
    responses=problem_responses(404, 409),
)
async def reject_report(
    visit_id: VisitId, refusal: Refusal, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _refuse(scores, visit_id, Verb.REJECT, refusal, reviewer)


# after the verbs, so that a wrong method on one of them is answered with the right `Allow`
@router.get(
    "/{visit_id}",
    summary="Read one report's review",
    description="Score, findings, doubts, every decision so far and what can be decided now.",
    responses=problem_responses(404),
)
async def get_review(visit_id: VisitId, scores: ReviewedScores) -> ReviewedScore:
    return await _shown(scores, await scores.get_score(visit_id))


async def _refuse(
    scores: Scores, visit_id: str, verb: Verb, refusal: Refusal, reviewer: Reviewer
) -> ReviewedScore:
    score = await decide(
        scores,
        visit_id,
        verb,
        key_id=reviewer.key_id,
        report_revision=refusal.report_revision,
        text=refusal.reason,
    )
    return await _shown(scores, score)


async def _shown(scores: Scores, score: Score) -> ReviewedScore:
    revision = await scores.get_revision(score)
    return reviewer_view(score, revision, await scores.find_questionnaire(score))


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    key = decode_cursor(cursor, int, str)
    if key is None:
        return None
    try:
        return _EPOCH + key[0] * _MILLISECOND, key[1]
    except OverflowError:
        cause = "not a cursor of this list: pass `next_cursor` of the page before, unchanged"
        raise Invalid(
            "The cursor can't be read", errors=[field_error("query.cursor", cause)]
        ) from None
