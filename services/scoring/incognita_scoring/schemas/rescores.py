"""Rescores over HTTP: what is asked for, how far it is, what it changes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from incognita_scoring.rescoring.job import Rescore, RescoreState
from incognita_scoring.rescoring.summary import Summary
from incognita_shared.clock import now
from incognita_shared.values import Id

Version = Annotated[int, Field(ge=1, le=100_000)]


class NewRescore(BaseModel):
    """Which reports to score again, and by which version."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "wave_id": "0193c1f0a1b27c3d8e4f5a6b7c8d9e01",
                    "questionnaire_version": 2,
                    "reason": "Question 7 expected the old menu.",
                }
            ]
        },
    )

    wave_id: Annotated[Id | None, Field(description="All reports of this wave")] = None
    questionnaire_id: Annotated[
        Id | None, Field(description="Instead: all waves with this questionnaire")
    ] = None
    from_version: Annotated[
        Version | None, Field(description="Only reports that this version scored")
    ] = None
    questionnaire_version: Annotated[
        Version,
        Field(description="The corrected version; or the same one, for a newer engine"),
    ]
    reason: Annotated[
        str, Field(min_length=1, max_length=500, description="Kept with every new revision")
    ]
    for_new_reports: Annotated[
        bool,
        Field(
            description=(
                "Whether reports of these waves that come later are scored by the corrected "
                "version too. Otherwise a wave keeps the version that its shoppers are asked"
            )
        ),
    ] = False


class Progress(BaseModel):
    """How many reports are done, of the preview or of the application."""

    total: int
    done: int
    seconds_left: Annotated[float | None, Field(description="At the speed so far")]


class RescoreRow(BaseModel):
    """A rescore in a list."""

    rescore_id: str
    state: RescoreState
    waves: tuple[str, ...]
    questionnaire_id: str
    from_version: int | None
    questionnaire_version: int
    engine_version: str
    reason: str
    for_new_reports: bool
    author: Annotated[str, Field(description="The key that began it")]
    applied_by: Annotated[str | None, Field(description="The key that applied it")]
    created_at: datetime
    finished_at: Annotated[
        datetime | None, Field(description="When the preview, the application or all was over")
    ]
    progress: Progress
    problem: Annotated[str | None, Field(description="What went wrong last")]

    @classmethod
    def of(cls, job: Rescore) -> Self:
        """The job as it is shown."""
        progress = Progress(
            total=max(job.total, job.done), done=job.done, seconds_left=job.seconds_left(now())
        )
        fields = {name: getattr(job, name) for name in cls.model_fields if name != "progress"}
        return cls(**fields, progress=progress)


class RescoreView(RescoreRow):
    """A rescore with what it would change, once its preview is done."""

    summary: Summary | None


class Order(StrEnum):
    """How changes are listed."""

    VISIT = "visit"
    LOSSES = "losses"
    GAINS = "gains"
