"""Waves over HTTP. Money in a wave is in one currency, so that a budget can be reckoned."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from incognita_assignment.rules import VisitState, WaveState
from incognita_assignment.schemas.branches import BranchFilter
from incognita_assignment.schemas.shoppers import Skill
from incognita_assignment.schemas.texts import Language
from incognita_shared.values import (
    Channel,
    EvidenceRequirement,
    Goods,
    Id,
    Moment,
    Money,
    StageTerms,
    Terms,
    Text,
    Value,
)

LONGEST_WAVE = timedelta(days=366)
Scenario = Annotated[str, Field(min_length=1, max_length=2_000)]

EXAMPLE: dict[str, Any] = {
    "programme_id": "0197a4c2f0d07d3f8a1b2c3d4e5f6071",
    "name": "Spring 2026, pizza delivery",
    "questionnaire_id": "pizza-delivery",
    "questionnaire_version": 1,
    "channel": "delivery",
    "scenario": "Order a large pizza by phone and pay with a note that needs change.",
    "starts_at": "2026-12-01T08:00:00Z",
    "ends_at": "2026-12-31T22:00:00Z",
    "visits_per_branch": 1,
    "branch_filter": {"regions": ["MI", "OH"]},
    "terms": {
        "fee": {"amount": "12.00", "currency": "USD"},
        "purchase_budget": {"amount": "20.00", "currency": "USD"},
        "paid_by": "agency",
        "paid_days_after_approval": 14,
        "goods": "kept",
        "evidence": [
            {"kind": "photo", "minimum_count": 1},
            {"kind": "audio", "minimum_count": 1, "minimum_duration_s": 20},
        ],
    },
    "offer_hours": 48,
    "rotation_days": 90,
    "budget": {"amount": "64000.00", "currency": "USD"},
}


class WaveTerms(Value):
    """What each shopper is offered; the dates are added when a visit is offered."""

    fee: Money
    purchase_budget: Money
    paid_by: Annotated[str, Field(pattern=r"^(agency|chain)$")] = "agency"
    paid_days_after_approval: Annotated[int, Field(ge=0, le=120)] = 14
    goods: Goods = Goods.NONE
    evidence: Annotated[tuple[EvidenceRequirement, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.fee.currency != self.purchase_budget.currency:
            raise ValueError("fee and purchase_budget must be in one currency")
        return self

    def agreed(
        self,
        *,
        opens_at: Moment,
        expires_at: Moment,
        due_at: Moment,
        stages: tuple[StageTerms, ...] = (),
    ) -> Terms:
        """The terms of one visit, as they stay from its offer on."""
        return Terms(
            fee=self.fee,
            purchase_budget=self.purchase_budget,
            paid_by=self.paid_by,
            paid_days_after_approval=self.paid_days_after_approval,
            goods=self.goods,
            evidence=self.evidence,
            stages=stages,
            opens_at=opens_at,
            expires_at=expires_at,
            due_at=due_at,
        )


class WaveBody(Value):
    """One round of a programme."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    programme_id: Id
    name: Text
    questionnaire_id: Id
    questionnaire_version: Annotated[int, Field(ge=1, le=1_000_000)]
    channel: Channel
    scenario: Scenario
    starts_at: Moment
    ends_at: Annotated[Moment, Field(description="Reports are due by then")]
    visits_per_branch: Annotated[int, Field(ge=1, le=50)] = 1
    branch_filter: BranchFilter = BranchFilter()
    terms: WaveTerms
    offer_hours: Annotated[
        float,
        Field(ge=0.001, le=8_784, allow_inf_nan=False, description="How long an offer stands"),
    ] = 48.0
    rotation_days: Annotated[
        int, Field(ge=0, le=1_830, description="A shopper stays away from a branch for so long")
    ] = 90
    required_skills: Annotated[tuple[Skill, ...], Field(max_length=20)] = ()
    required_languages: Annotated[tuple[Language, ...], Field(max_length=20)] = ()
    return_days: Annotated[
        int, Field(ge=1, le=60, description="Time to correct a report that a reviewer returns")
    ] = 3
    late_hours: Annotated[
        float,
        Field(ge=0, le=720, allow_inf_nan=False, description="How long a late report is taken"),
    ] = 24.0
    budget: Annotated[
        Money | None, Field(description="Offers stop before fees and purchases exceed it")
    ] = None

    @field_validator("ends_at")
    @classmethod
    def _after_start(cls, ends_at: Any, info: Any) -> Any:
        starts_at = info.data.get("starts_at")
        if starts_at and not starts_at < ends_at <= starts_at + LONGEST_WAVE:
            raise ValueError(f"must lie within {LONGEST_WAVE.days} days after starts_at")
        return ends_at

    @field_validator("budget")
    @classmethod
    def _same_currency(cls, budget: Money | None, info: Any) -> Money | None:
        terms = info.data.get("terms")
        if budget and terms and budget.currency != terms.fee.currency:
            raise ValueError(f"must be in the currency of the fee, {terms.fee.currency}")
        return budget


class UnmatchedVisit(BaseModel):
    """A visit that found no shopper."""

    branch_id: str
    number: int
    reason: str


class Progress(BaseModel):
    """How far offering has come. ``unmatched`` counts by reason; the list has the first 500."""

    planned: int = 0
    offered: int = 0
    unmatched: dict[str, int] = {}
    unmatched_visits: list[UnmatchedVisit] = []
    stopped: str | None = None
    finished_at: Moment | None = None


class ClientWave(BaseModel):
    """A wave as the chain sees it."""

    wave_id: str
    state: WaveState
    version: int
    created_at: Moment
    programme_id: str
    name: str
    questionnaire_id: str
    questionnaire_version: int
    channel: Channel
    scenario: str
    starts_at: Moment
    ends_at: Moment
    visits_per_branch: int
    branch_filter: BranchFilter


class WaveView(ClientWave):
    """A wave as the agency sees it. ``progress`` tells of its opening, ``reoffer`` of the last
    round of new offers for visits that were declined or ran out."""

    terms: WaveTerms
    offer_hours: float
    rotation_days: int
    required_skills: tuple[str, ...]
    required_languages: tuple[str, ...]
    return_days: int
    late_hours: float
    budget: Money | None
    busy_with: str | None = None
    progress: Progress
    reoffer: Progress | None = None


class WaveCounts(BaseModel):
    """Visits of a wave by state; every state is there, also with 0."""

    wave_id: str
    total: int
    by_state: dict[VisitState, int]


class Reason(Value):
    """Why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The branch is being rebuilt."}]}
    )

    reason: Text
