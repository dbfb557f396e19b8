"""Standings as requests get them. All scores are points from 0 to 100; nothing names a shopper."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from incognita_comparison.groups import GroupKind
from incognita_comparison.schemas import examples
from incognita_comparison.schemas.examples import shown
from incognita_comparison.wave_units import Source

Points = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """An answer; it has no members beyond those declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GroupAnswer(Answer):
    """What a row is about. Place and owner are given for a branch that the catalog knows."""

    kind: GroupKind
    id: str
    name: str | None = None
    store_id: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    ownership: str | None = None
    franchisee_id: str | None = None


class StandingAnswer(Answer):
    """A row of the league table, with how much is not known of it."""

    rank_low: Annotated[int, Field(ge=1, description="Best rank that can't be excluded")]
    rank_high: Annotated[int, Field(ge=1, description="Worst rank that can't be excluded")]
    tie_group: Annotated[
        int, Field(ge=1, description="Rows of one group can't be told from its first row")
    ]
    group: GroupAnswer
    estimate: Annotated[Points, Field(description="Shrunk towards the mean of all rows")]
    interval_low: Points
    interval_high: Points
    level: Annotated[float, Field(description="How often the interval holds the truth")]
    standard_error: Annotated[float, Field(ge=0)]
    raw_mean: Annotated[
        Points, Field(description="Mean of the visits; of a group: of its branches' means")
    ]
    visits: Count
    branches: Count
    weight: Annotated[float, Field(ge=0, le=1, description="Share of the raw mean in the estimate")]
    against_mean: Annotated[
        str,
        Field(
            pattern="^(above|below|cannot_tell)$",
            description="The interval against the mean of all rows",
        ),
    ]


class ReliabilityAnswer(Answer):
    """How much one observation says of its unit: the share of variance that lies between units.

    ``value``, ``low`` and ``high`` are null where nothing was observed twice and the answer builds
    on an assumption, which ``note`` states.
    """

    value: Annotated[float, Field(ge=0, le=1)] | None
    low: Annotated[float, Field(ge=0, le=1)] | None
    high: Annotated[float, Field(ge=0, le=1)] | None
    source: Source
    note: str


class BasisAnswer(Answer):
    """What the rows were made from, and how."""

    wave_id: str
    wave_name: str
    by: GroupKind
    method: str
    level: float
    reliability: ReliabilityAnswer | None = Field(description="null where no score counts yet")
    mean: Points | None = Field(description="null with no score, or fewer than 5 others")
    rows: Annotated[Count, Field(description="Rows of the whole table")]
    visits: Count
    branches: Count
    ungrouped_branches: Annotated[Count, Field(description="Visited, but in no group of this kind")]
    tie_groups: Count
    told_apart: Annotated[
        bool,
        Field(description="Whether any two rows can be told apart; else ranks mean nothing"),
    ]
    changes: Annotated[
        Count, Field(description="Grows with each change; two pages with the same one fit together")
    ]


class DistributionAnswer(Answer):
    """How others stand, without names: nine deciles of their estimates, lowest first."""

    count: Count
    deciles: Annotated[list[Points], Field(min_length=9, max_length=9)]


class StandingsAnswer(Answer):
    """A page of a league table, from the best estimate down.

    A franchise manager finds own rows in ``items`` and the rest in ``others``, which is null when
    ``others_withheld`` says why.
    """

    model_config = shown(examples.STANDINGS)

    basis: BasisAnswer
    items: list[StandingAnswer]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor`")
    others: DistributionAnswer | None = None
    others_withheld: str | None = None


class OneStandingAnswer(Answer):
    """One branch's row, and what it was made from."""

    model_config = shown(examples.ONE_STANDING)

    basis: BasisAnswer
    standing: StandingAnswer


class PositionAnswer(Answer):
    """Where a branch manager's branches stand among others that stay nameless."""

    model_config = shown(examples.POSITION)

    basis: BasisAnswer
    items: list[StandingAnswer]
    others: DistributionAnswer


class CountsAnswer(Answer):
    """How many visits of a wave have a score, and how many of them are approved and count."""

    model_config = shown(examples.COUNTS)

    wave_id: str
    scored: Annotated[Count | None, Field(description="For the agency and reviewers alone")]
    approved: Count
