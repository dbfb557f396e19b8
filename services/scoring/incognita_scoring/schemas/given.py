"""What reviewers send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ReportRevision = Annotated[
    int,
    Field(ge=1, le=1_000_000, description="The report revision that the reviewer has read"),
]
Words = Annotated[str, Field(min_length=1, max_length=2_000)]


class Approval(BaseModel):
    """The report counts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"report_revision": 1, "note": "The branch lies in a mall: weak signal."}]
        },
    )

    report_revision: ReportRevision
    note: Annotated[Words | None, Field(description="For the agency and other reviewers only")] = (
        None
    )


class Refusal(BaseModel):
    """The report goes back to the shopper, or does not count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"report_revision": 1, "reason": "The receipt is of another branch."}]
        },
    )

    report_revision: ReportRevision
    reason: Annotated[Words, Field(description="Told to the shopper")]
