"""Compliance as requests get it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from incognita_comparison.schemas import examples
from incognita_comparison.schemas.examples import shown
from incognita_comparison.schemas.standings import Answer, Count

Percent = Annotated[float, Field(ge=0, le=100)]


class ComplianceKind(StrEnum):
    """Of what the rows are."""

    SECTION = "section"
    QUESTION = "question"


class ComplianceRow(Answer):
    """How often a standard was met.

    A question's ``met``, ``partial`` and ``missed`` are visits by outcome. A section is ``met`` in
    a visit that earned all of its points, ``partial`` with some and ``missed`` with none.
    """

    id: str
    section_id: str
    label: str | None
    visits: Annotated[Count, Field(description="Visits in which it counted")]
    met: Count
    partial: Count
    missed: Count
    not_applicable: Count
    compliance: Percent | None = Field(description="met / visits in per cent; null if none")
    interval_low: Percent | None
    interval_high: Percent | None
    points_share: Percent | None = Field(description="Points earned of those possible")
    mean_score: Percent | None = Field(default=None, description="Sections only")
    mean_low: Percent | None = None
    mean_high: Percent | None = None


class ComplianceAnswer(Answer):
    """Rows in the order of the questionnaire."""

    model_config = shown(examples.COMPLIANCE)

    wave_id: str
    wave_name: str
    by: ComplianceKind
    branch_id: str | None
    language: str | None
    method: str
    level: float
    branches: Count
    items: list[ComplianceRow]
