"""Indicators over HTTP."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from incognita_scoring.indicators import Csi, Nps


class GroupBy(StrEnum):
    """What reports are grouped by."""

    WAVE = "wave"
    BRANCH = "branch"
    PROGRAMME = "programme"
    CHANNEL = "channel"
    SCENARIO = "scenario"


FIELDS = {
    GroupBy.WAVE: "wave_id",
    GroupBy.BRANCH: "branch_id",
    GroupBy.PROGRAMME: "programme_id",
    GroupBy.CHANNEL: "channel",
    GroupBy.SCENARIO: "scenario",
}


class GroupIndicators(BaseModel):
    """NPS and CSI of one group of approved reports."""

    group: Annotated[str, Field(description="The wave, branch, channel … that they share")]
    reports: Annotated[int, Field(description="Approved reports, with and without ratings")]
    nps: Nps
    csi: Csi
