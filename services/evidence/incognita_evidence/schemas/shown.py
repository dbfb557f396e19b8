"""What clients are shown. Nothing in here tells a reviewer who the shopper was."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from incognita_evidence.report import Custody, Item, ItemState, Missing, Report, ReportState
from incognita_evidence.visit import VisitState
from incognita_shared.events.evidence import Finding
from incognita_shared.values import EvidenceKind, Position


class UploadPolicy(BaseModel):
    """POST the ``fields`` and then the file as ``file``, as multipart/form-data, to ``url``."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


class ItemView(BaseModel):
    """An evidence item as its shopper sees it."""

    item_id: str
    kind: EvidenceKind
    question_id: str | None
    state: ItemState
    sha256: str
    size_bytes: int
    content_type: str
    captured_at: datetime | None
    duration_s: float | None
    stored_at: datetime | None
    cause: Annotated[str | None, Field(description="Why it was refused, or removed")]

    @classmethod
    def of(cls, item: Item) -> Self:
        """The shopper's view of ``item``."""
        return cls.model_validate(item.model_dump(include=set(cls.model_fields)))


class DeclaredUpload(BaseModel):
    """The item, and how to upload it; a policy only while it is declared."""

    item_id: str
    state: ItemState
    upload: UploadPolicy | None


class ReportView(BaseModel):
    """A report as its shopper sees it: what is there, what is missing, until when it must come."""

    visit_id: str
    visit_state: VisitState
    state: ReportState
    report_revision: int
    due_at: datetime
    return_reason: str | None
    marked_questions: Annotated[
        list[str], Field(description="What the reviewer wants corrected; empty: see the reason")
    ]
    answers: dict[str, Any]
    items: list[ItemView]
    missing: list[Missing]
    missing_stages: Annotated[list[str], Field(description="Stages still to be handed in")]
    submitted_at: datetime | None
    completed_at: datetime | None


class ReportRow(BaseModel):
    """One report in a reviewer's list."""

    visit_id: str
    branch_id: str
    wave_id: str
    state: ReportState
    report_revision: int
    flagged: bool
    items: Annotated[int, Field(description="Stored evidence items")]
    findings: Annotated[list[str], Field(description="Codes of the findings")]
    submitted_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, report: Report) -> Self:
        """The row of ``report``."""
        return cls(
            visit_id=report.id,
            branch_id=report.branch_id,
            wave_id=report.wave_id,
            state=report.state,
            report_revision=report.revision,
            flagged=report.flagged,
            items=len(report.in_state(ItemState.STORED)),
            findings=sorted({finding.code for finding in report.findings}),
            submitted_at=report.submitted_at,
            completed_at=report.completed_at,
        )


class ReviewedItem(ItemView):
    """An evidence item as a reviewer sees it. The link works for some minutes only."""

    position: Position | None
    found_type: str | None
    taken_at: Annotated[datetime | None, Field(description="By the photo's EXIF")]
    remove_at: Annotated[
        datetime | None, Field(description="From when on the file is to be removed; null: never")
    ]
    taken_position: Annotated[Position | None, Field(description="By the photo's EXIF")]
    download_url: str | None
    custody: list[Custody]


class ReviewedReport(BaseModel):
    """A report as a reviewer sees it. ``shopper_id`` is for the agency only."""

    visit_id: str
    branch_id: str
    wave_id: str
    shopper_id: str | None
    state: ReportState
    report_revision: int
    flagged: bool
    answers: dict[str, Any]
    started_at: datetime | None
    ended_at: datetime | None
    position: Position | None
    missing_evidence_reasons: dict[EvidenceKind, str]
    items: list[ReviewedItem]
    findings: list[Finding]
    submitted_at: datetime | None
    completed_at: datetime | None


class ImportedLine(BaseModel):
    """What became of one line: the answer of a submission, or the problem that it would be told."""

    line: Annotated[int, Field(description="Counted from 1, blank ones too")]
    status: Annotated[int, Field(description="As if it had been submitted by itself")]
    visit_id: str | None = None
    state: ReportState | None = None
    report_revision: int | None = None
    missing: list[Missing] = []
    missing_stages: list[str] = []
    problem: Annotated[dict[str, Any] | None, Field(description="Problem details, RFC 9457")] = None


class ImportResults(BaseModel):
    """One result for each line that is not blank, in order."""

    accepted: int
    refused: int
    results: list[ImportedLine]
