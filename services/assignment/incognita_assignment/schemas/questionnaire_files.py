"""Questionnaires as workbooks over HTTP."""

from pydantic import Field

from incognita_assignment.schemas.questionnaires import VersionView
from incognita_shared.values import Value
from incognita_xlsform.problems import Severity


class WorkbookProblem(Value):
    """Something found in a workbook: an error refuses it, a warning says what is not carried."""

    sheet: str | None = Field(examples=["survey"])
    row: int | None = Field(description="As the spreadsheet numbers it", examples=[7])
    column: str | None = Field(examples=["relevant"])
    cause: str
    severity: Severity


class ImportedVersion(VersionView):
    """The draft that a workbook became, with what of it is not carried."""

    warnings: list[WorkbookProblem]
