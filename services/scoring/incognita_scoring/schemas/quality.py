"""Quality of shoppers' reports and of reviewers' decisions, and rates of appeals."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

_Median = Annotated[
    float | None, Field(description="From when a report came to a reviewer's word: the median")
]
_Faults = Annotated[
    float, Field(description="Findings and doubts that asked for a reviewer, of each report")
]


class ShopperRow(BaseModel):
    """One shopper's reports in the period."""

    shopper_id: str
    reports: int
    approved: int
    rejected: Annotated[int, Field(description="By a reviewer")]
    returns: int
    corrections: Annotated[int, Field(description="By reviewers")]
    approvals_taken_back: int
    faults_per_report: _Faults
    hours_to_decision: _Median


class ReviewerRow(BaseModel):
    """One reviewer's decisions in the period."""

    key_id: str
    reports: Annotated[int, Field(description="About which the reviewer decided")]
    approvals: int
    first_approvals: Annotated[int, Field(description="That a second reviewer had to confirm")]
    returns: int
    rejections: int
    corrections: int
    overturned: Annotated[
        int, Field(description="Own approvals after which the report was unapproved or rejected")
    ]
    appeals_upheld: Annotated[int, Field(description="Own approvals that an appeal changed")]
    faults_per_report: _Faults
    hours_to_decision: _Median


class AppealGroup(StrEnum):
    """What appeals are counted by."""

    BRANCH = "branch"
    QUESTION = "question"
    SHOPPER = "shopper"
