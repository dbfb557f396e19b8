"""Claiming reports of the reviewers' queue, so that no two reviewers read the same one."""

from fastapi import APIRouter

from incognita_scoring import review_queue
from incognita_scoring.routes.provided import OwnSettings, ReviewedScores, Reviewer, VisitId
from incognita_scoring.routes.reviews import shown
from incognita_scoring.schemas.given import Claim
from incognita_scoring.schemas.shown import ClaimedReview, ReviewedScore
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["reviews"])


@router.post(
    "/reviews:claim",
    summary="Claim the next report",
    description=(
        "Gives the most pressing report that nobody holds and locks it for "
        "`SCORING_LOCK_MINUTES`; the lock then runs out by itself. A report that the caller has "
        "approved first is left to others. `review` is null where none is free."
    ),
)
async def claim_next(
    claim: Claim, reviewer: Reviewer, *, scores: ReviewedScores, settings: OwnSettings
) -> ClaimedReview:
    score = await review_queue.claim_next(
        scores, key_id=reviewer.key_id, wave_id=claim.wave_id, minutes=settings.lock_minutes
    )
    return ClaimedReview(review=None if score is None else await shown(scores, score))


@router.post(
    "/reviews/{visit_id}:claim",
    summary="Claim this report, or hold it longer",
    description="409 where another reviewer holds it, with `locked_until`, or it waits for nobody.",
    responses=problem_responses(404, 409),
)
async def claim_report(
    visit_id: VisitId, reviewer: Reviewer, *, scores: ReviewedScores, settings: OwnSettings
) -> ReviewedScore:
    score = await review_queue.claim(
        scores, visit_id, key_id=reviewer.key_id, minutes=settings.lock_minutes
    )
    return await shown(scores, score)


@router.post(
    "/reviews/{visit_id}:release",
    summary="Give a claimed report back",
    description="Others can claim it at once. Not claimed: no change.",
    responses=problem_responses(404, 409),
)
async def release_report(
    visit_id: VisitId, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    score = await review_queue.release(scores, visit_id, key_id=reviewer.key_id)
    return await shown(scores, score)
