"""Review rules as they are given and shown."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from incognita_scoring.review_rules import ReviewRule
from incognita_scoring.second_review import SecondReview
from incognita_shared.values import Exact

_EXAMPLE: dict[str, JsonValue] = {
    "major_finding": True,
    "critical_miss": True,
    "correction_points": "10",
    "sample_percent": 5,
    "appeal_days": 21,
}


class GivenRule(BaseModel):
    """Which approvals need a second reviewer, and how long a branch may appeal."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    major_finding: Annotated[bool, Field(description="Reports with a major finding")] = False
    critical_miss: Annotated[bool, Field(description="Reports with a critical question missed")] = (
        False
    )
    correction_points: Annotated[
        Exact | None,
        Field(ge=0, le=100, description="Where corrections moved the score by more than this"),
    ] = None
    sample_percent: Annotated[
        int, Field(ge=0, le=100, description="This share of all other reports, by chance")
    ] = 0
    appeal_days: Annotated[
        int | None,
        Field(ge=0, le=365, description="After the approval; null: `SCORING_APPEAL_DAYS`"),
    ] = None

    def rule(self) -> ReviewRule:
        """The rule."""
        second = SecondReview(**self.model_dump(exclude={"appeal_days"}))
        return ReviewRule(second_review=second, appeal_days=self.appeal_days)


class RuleView(BaseModel):
    """A rule as it holds."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    major_finding: bool
    critical_miss: bool
    correction_points: Annotated[Decimal | None, Field(examples=["10"])]
    sample_percent: int
    appeal_days: int | None

    @classmethod
    def of(cls, rule: ReviewRule) -> Self:
        """The view of ``rule``."""
        return cls(**rule.second_review.model_dump(), appeal_days=rule.appeal_days)


class ReviewRules(BaseModel):
    """The chain's rule and those of programmes."""

    chain: RuleView
    programmes: Annotated[dict[str, RuleView], Field(description="Programme → its own rule")]
