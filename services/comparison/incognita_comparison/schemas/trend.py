"""Trends as requests get them."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from incognita_comparison.schemas import examples
from incognita_comparison.schemas.examples import shown
from incognita_comparison.schemas.standings import Answer, Count, GroupAnswer, Points


class TrendKind(StrEnum):
    """Of what a trend is made."""

    CHAIN = "chain"
    FRANCHISEE = "franchisee"
    OWNERSHIP = "ownership"
    CITY = "city"
    REGION = "region"


class PointAnswer(Answer):
    """One wave. Waves of different programmes, channels or scenarios don't compare."""

    wave_id: str
    wave_name: str
    programme_id: str
    channel: str
    scenario: str
    starts_at: datetime
    visits: Count
    branches: Count
    raw_mean: Points
    estimate: Points
    interval_low: Points
    interval_high: Points
    standard_error: float = Field(ge=0)
    level: float


class BranchTrendAnswer(Answer):
    """A branch over the waves in which it was visited, oldest first."""

    model_config = shown(examples.BRANCH_TREND)

    group: GroupAnswer
    method: str
    points: list[PointAnswer]


class SeriesAnswer(Answer):
    """One group over waves, oldest first; ``group`` is null for the whole chain."""

    group: GroupAnswer | None
    points: list[PointAnswer]


class TrendAnswer(Answer):
    """A page of series, by the groups' ids; all of one programme, null while there is no wave."""

    model_config = shown(examples.TREND)

    by: TrendKind
    programme_id: str | None
    method: str
    items: list[SeriesAnswer]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor`")
