"""The reviewers' queue and their decisions."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_scoring.corrections import Correction, correct
from incognita_scoring.repository.reviews import Reviews
from incognita_scoring.reviews import Word, decide
from incognita_scoring.routes.places import after_place, place_of
from incognita_scoring.routes.provided import Agency, ReviewedScores, Reviewer, VisitId
from incognita_scoring.rules import ReviewState, Verb
from incognita_scoring.schemas.given import (
    Approval,
    CorrectedAnswers,
    Rejection,
    Return,
    Withdrawal,
)
from incognita_scoring.schemas.shown import ReviewedScore, ReviewRow
from incognita_scoring.score import Score
from incognita_scoring.views import reviewer_view
from incognita_shared.pagination import Cursor, Limit, Page, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])


@router.get(
    "",
    summary="List reports in review",
    description=(
        "By default those that wait, the most pressing first: by `decide_by`, then by age. "
        "`reasons` says what brought a report forward, and by how many hours."
    ),
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
    found = await scores.list_reviews(where, after=after_place(cursor), limit=limit + 1)
    return page_of(found, limit, item=ReviewRow.of, key=place_of)


@router.post(
    "/{visit_id}:approve",
    summary="Approve a report",
    description=(
        "The report counts and the shopper is paid, unless the chain's rule asks for a second "
        "reviewer: then it is in `second_review` until another key approves it too. Again for the "
        "same one: no change."
    ),
    responses=problem_responses(404, 409),
)
async def approve_report(
    visit_id: VisitId, approval: Approval, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _decided(
        scores,
        visit_id,
        Word(
            verb=Verb.APPROVE,
            key_id=reviewer.key_id,
            report_revision=approval.report_revision,
            text=approval.note,
        ),
    )


@router.post(
    "/{visit_id}:return",
    summary="Return a report to the shopper",
    description=(
        "The shopper corrects it, above all the questions that are marked; its next revision is "
        "scored anew."
    ),
    responses=problem_responses(404, 409),
)
async def return_report(
    visit_id: VisitId, refusal: Return, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _decided(
        scores,
        visit_id,
        Word(
            verb=Verb.RETURN,
            key_id=reviewer.key_id,
            report_revision=refusal.report_revision,
            text=refusal.reason,
            question_ids=tuple(dict.fromkeys(refusal.question_ids)),
        ),
    )


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
    visit_id: VisitId, refusal: Rejection, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _decided(
        scores,
        visit_id,
        Word(
            verb=Verb.REJECT,
            key_id=reviewer.key_id,
            report_revision=refusal.report_revision,
            text=refusal.reason,
            reason_code=refusal.reason_code,
        ),
    )


@router.post(
    "/{visit_id}:correct",
    summary="Correct answers of a report that waits",
    description=(
        "Makes a new score revision with the reason and the reviewer's key; the revision before "
        "keeps its answers. The report goes on waiting; a first approval is void, for it was of "
        "other answers."
    ),
    responses=problem_responses(404, 409),
)
async def correct_report(
    visit_id: VisitId, given: CorrectedAnswers, reviewer: Reviewer, *, scores: ReviewedScores
) -> ReviewedScore:
    correction = Correction(
        key_id=reviewer.key_id,
        report_revision=given.report_revision,
        answers=given.answers,
        reason=given.reason,
    )
    return await shown(scores, await correct(scores, visit_id, correction))


@router.post(
    "/{visit_id}:unapprove",
    summary="Take an approval back",
    description=(
        "For the agency. The score leaves the standings and the chain's sight at once, "
        "`report.unapproved` tells whoever has heard of the approval, and the report waits for a "
        "reviewer again. What has been paid stays paid."
    ),
    responses=problem_responses(404, 409),
)
async def unapprove_report(
    visit_id: VisitId, withdrawal: Withdrawal, agency: Agency, *, scores: ReviewedScores
) -> ReviewedScore:
    return await _decided(
        scores,
        visit_id,
        Word(
            verb=Verb.UNAPPROVE,
            key_id=agency.key_id,
            report_revision=withdrawal.report_revision,
            text=withdrawal.reason,
        ),
    )


# after the verbs, so that a wrong method on one of them is answered with the right `Allow`
@router.get(
    "/{visit_id}",
    summary="Read one report's review",
    description="Score, findings, doubts, every decision so far and what can be decided now.",
    responses=problem_responses(404),
)
async def get_review(visit_id: VisitId, scores: ReviewedScores) -> ReviewedScore:
    return await shown(scores, await scores.get_score(visit_id))


async def _decided(scores: Reviews, visit_id: str, word: Word) -> ReviewedScore:
    return await shown(scores, await decide(scores, visit_id, word))


async def shown(scores: Reviews, score: Score) -> ReviewedScore:
    """The review as it stands now."""
    revision = await scores.get_revision(score)
    return reviewer_view(score, revision, await scores.find_questionnaire(score))
