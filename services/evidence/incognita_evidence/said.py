"""The events that this service says, each with the report's next number."""

from datetime import datetime

from incognita_evidence.report import Item, Report
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import (
    EvidenceStored,
    Finding,
    ItemRef,
    ReportCompleted,
    ReportFlagged,
)


def stored(report: Report, item: Item, *, seq: int, bucket: str) -> EvidenceStored:
    """``evidence.stored``; the item must be stored."""
    if item.stored_at is None:
        raise ValueError(f"item {item.item_id} is not stored")
    return EvidenceStored(
        chain_id=report.chain_id,
        visit_id=report.id,
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        seq=seq,
        item=reference(item, bucket=bucket),
        stored_at=item.stored_at,
    )


def completed(report: Report, visit: Visit, *, seq: int, bucket: str) -> ReportCompleted:
    """``report.completed``; the report must have been submitted."""
    if report.started_at is None or report.ended_at is None or report.submitted_at is None:
        raise ValueError(f"report {report.id} has not been submitted")
    return ReportCompleted(
        chain_id=report.chain_id,
        visit_id=report.id,
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        seq=seq,
        report_revision=report.revision,
        programme_id=visit.programme_id,
        shopper_id=report.shopper_id,
        questionnaire_id=visit.questionnaire_id,
        questionnaire_version=visit.questionnaire_version,
        channel=visit.channel,
        scenario=visit.scenario,
        branch=visit.branch,
        today=visit.context(report.made_at).today,
        answers=report.answers,
        stages=report.stages,
        items=tuple(
            reference(item, bucket=bucket) for item in report.items if item.stored_at is not None
        ),
        findings=report.findings,
        started_at=report.started_at,
        ended_at=report.ended_at,
        submitted_at=report.submitted_at,
    )


def flagged(
    report: Report, findings: tuple[Finding, ...], *, seq: int, at: datetime
) -> ReportFlagged:
    """``report.flagged`` with the findings that a reviewer should see."""
    return ReportFlagged(
        chain_id=report.chain_id,
        visit_id=report.id,
        branch_id=report.branch_id,
        wave_id=report.wave_id,
        seq=seq,
        report_revision=report.revision,
        findings=findings,
        flagged_at=at,
    )


def reference(item: Item, *, bucket: str) -> ItemRef:
    """Where a stored item lies. Time and position are the device's, else those of the EXIF."""
    return ItemRef(
        item_id=item.item_id,
        kind=item.kind,
        question_id=item.question_id,
        bucket=bucket,
        object_key=item.object_key,
        version_id=item.version_id or "",
        sha256=item.sha256,
        size_bytes=item.size_bytes,
        content_type=item.found_type or item.content_type,
        captured_at=item.captured_at or item.exif.taken_at,
        position=item.position or item.exif.position,
    )
