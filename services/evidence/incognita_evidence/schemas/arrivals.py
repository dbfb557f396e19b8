"""What phones sent for a visit, as reviewers and the agency see it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from incognita_evidence.openrosa.standing import Standing
from incognita_evidence.visit import VisitState

_LINK = "Works for some minutes"


class VersionView(BaseModel):
    """One XML that came under the instance id; more than one is a conflict."""

    sha256: str
    first: Annotated[bool, Field(description="Whether it came before the others")]
    handed_in_at: Annotated[datetime | None, Field(description="Null: it never was")]
    report_revision: Annotated[int | None, Field(description="The revision it was handed in as")]
    download_url: Annotated[
        str | None, Field(description=f"The XML as it came, for the agency only. {_LINK}")
    ]


class ArrivedFileView(BaseModel):
    """One file that came with it, whether or not it became an evidence item."""

    name: Annotated[str | None, Field(description="As the phone calls it, for the agency only")]
    sha256: str
    size_bytes: int
    found_type: Annotated[str | None, Field(description="By its bytes")]
    duration_s: float | None
    removed: Annotated[bool, Field(description="Its retention has ended")]
    download_url: Annotated[str | None, Field(description=_LINK)]


class ArrivalView(BaseModel):
    """One filled form, however often and in however many parts it came."""

    arrival_id: str
    instance_id: Annotated[str, Field(examples=["uuid:5f1c2d1e-8f0c-4a55-9a53-0a7d6a0f5f63"])]
    stage_id: str | None
    form_version: str | None
    state: Annotated[
        Standing,
        Field(
            description="`counts`: it is the report, or its stage. `replaced`: it was handed in, "
            "for an earlier revision or until another came. `kept`: it came too late to count. "
            "`waiting`: files are still to come."
        ),
    ]
    first_received_at: datetime | None
    last_received_at: datetime | None
    versions: list[VersionView]
    files: Annotated[list[ArrivedFileView], Field(description="The last 100")]


class ArrivalsView(BaseModel):
    """What came for a visit, the first first. Empty for a report that came as JSON."""

    visit_id: str
    visit_state: VisitState
    arrivals: list[ArrivalView]
    more: Annotated[bool, Field(description="Whether more came than the 50 shown")]
