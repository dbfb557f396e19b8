"""What reviewers send."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from incognita_scoring.rules import RejectReason
from incognita_shared.values import Id

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


class Return(BaseModel):
    """The report goes back to the shopper."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "report_revision": 1,
                    "reason": "The receipt can't be read; please photograph it again.",
                    "question_ids": ["exact_change"],
                }
            ]
        },
    )

    report_revision: ReportRevision
    reason: Annotated[Words, Field(description="Told to the shopper")]
    question_ids: Annotated[
        tuple[Id, ...],
        Field(max_length=200, description="What to correct; empty: the whole report"),
    ] = ()


class Rejection(BaseModel):
    """The report does not count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "report_revision": 1,
                    "reason": "The receipt is of another branch.",
                    "reason_code": "wrong_branch",
                }
            ]
        },
    )

    report_revision: ReportRevision
    reason: Annotated[Words, Field(description="Told to the shopper")]
    reason_code: Annotated[RejectReason, Field(description="For statistics")] = RejectReason.OTHER


class Withdrawal(BaseModel):
    """An approval is taken back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"report_revision": 1, "reason": "The photo was used in another report."}]
        },
    )

    report_revision: ReportRevision
    reason: Annotated[Words, Field(description="For the agency and reviewers")]


class CorrectedAnswers(BaseModel):
    """Answers that a reviewer puts right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "report_revision": 1,
                    "answers": {"exact_change": False},
                    "reason": "The receipt shows 2.40 too little change.",
                }
            ]
        },
    )

    report_revision: ReportRevision
    answers: Annotated[
        dict[Id, Any],
        Field(
            min_length=1,
            max_length=200,
            description="Question, or section that repeats → the right answer; null: N/A or none",
        ),
    ]
    reason: Annotated[Words, Field(description="Kept with the new revision")]


class Claim(BaseModel):
    """Which report to claim next."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"wave_id": "0193c1f0a1b27c3d8e4f5a6b7c8d9e01"}]},
    )

    wave_id: Annotated[Id | None, Field(description="Only of this wave")] = None
