"""How the chain and its programmes want reports reviewed."""

from typing import Annotated

from fastapi import APIRouter, Path

from incognita_scoring.review_rules import ReviewRule
from incognita_scoring.routes.provided import Agency, ReviewedScores, Reviewer
from incognita_scoring.schemas.rules import GivenRule, ReviewRules, RuleView
from incognita_shared.problems import problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/review-rules", tags=["reviews"])
ProgrammeId = Annotated[Id, Path(description="The programme's id")]


@router.get(
    "",
    summary="Read the review rules",
    description="The chain's own, and those of programmes that have one.",
)
async def list_review_rules(_: Reviewer, scores: ReviewedScores) -> ReviewRules:
    rules = await scores.list_rules()
    chain = rules.pop(None, ReviewRule())
    programmes = {name: RuleView.of(rule) for name, rule in rules.items() if name is not None}
    return ReviewRules(chain=RuleView.of(chain), programmes=programmes)


@router.put(
    "",
    summary="Set the chain's review rule",
    description="It holds for every programme without one of its own, from the next decision on.",
    responses=problem_responses(422),
)
async def put_chain_rule(given: GivenRule, _: Agency, *, scores: ReviewedScores) -> RuleView:
    rule = given.rule()
    await scores.save_rule(None, rule)
    return RuleView.of(rule)


@router.put(
    "/{programme_id}",
    summary="Set a programme's review rule",
    description="It holds in the place of the chain's, from the next decision on.",
    responses=problem_responses(422),
)
async def put_programme_rule(
    programme_id: ProgrammeId, given: GivenRule, _: Agency, *, scores: ReviewedScores
) -> RuleView:
    rule = given.rule()
    await scores.save_rule(programme_id, rule)
    return RuleView.of(rule)
