"""Trial scoring: what a draft would make of some answers."""

from fastapi import APIRouter

from incognita_scoring.routes.provided import Reviewer
from incognita_scoring.schemas.trials import Trial, TrialScore
from incognita_scoring.trial import try_out
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["scores"])


@router.post(
    "/scores:try",
    summary="Score answers on trial",
    description=(
        "The score that these answers would get by this questionnaire, every point with its "
        "reason, the errors for which a shopper would have to correct them, and the findings. "
        "Nothing is stored."
    ),
    responses=problem_responses(422),
)
async def try_score(trial: Trial, _: Reviewer) -> TrialScore:
    return try_out(trial)
