"""Reading reports as reviewer or agency; the chain of custody says who was handed an item."""

import mimetypes
from collections.abc import Container
from datetime import timedelta

from incognita_evidence.attempts import until_written
from incognita_evidence.errors import ReportNotFound
from incognita_evidence.report import Custody, Item, ItemState, Report
from incognita_evidence.repository.reports import Reports
from incognita_evidence.schemas.shown import ItemView, ReviewedItem, ReviewedReport
from incognita_shared.auth import Principal, Role
from incognita_shared.clock import now
from incognita_shared.objects import ObjectStore

READ = "read"
SAME_READ = timedelta(minutes=10)
"""A reviewer who looks again within this time is not noted again."""


async def read_report(
    visit_id: str, reader: Principal, *, reports: Reports, store: ObjectStore, expiry_s: int
) -> ReviewedReport:
    """The report with links to its items. Raises ReportNotFound."""
    report = await noted_report(visit_id, reader, reports=reports)
    items = [_reviewed(item, _link(item, store, expiry_s)) for item in report.items]
    hidden = {"id", "items", "shopper_id", "revision"}
    known = report.model_dump(include=set(ReviewedReport.model_fields) - hidden)
    return ReviewedReport(
        **known,
        visit_id=report.id,
        report_revision=report.revision,
        shopper_id=report.shopper_id if reader.role is Role.AGENCY else None,
        items=items,
    )


async def noted_report(
    visit_id: str,
    reader: Principal,
    *,
    reports: Reports,
    sha256s: Container[str] | None = None,
) -> Report:
    """The report, in which it is noted that its items were read; with ``sha256s``, those alone.

    Raises ReportNotFound.
    """

    async def attempt() -> Report | None:
        report = await reports.find_report(visit_id)
        if report is None:
            raise ReportNotFound(visit_id)
        noted = _noted(report, reader, sha256s)
        return noted if noted == report or await reports.save(noted) else None

    return await until_written(visit_id, attempt)


def _noted(report: Report, reader: Principal, sha256s: Container[str] | None) -> Report:
    at = now()
    for item in report.in_state(ItemState.STORED):
        if sha256s is not None and item.sha256 not in sha256s:
            continue
        recently = any(
            link.what == READ and link.key_id == reader.key_id and at - link.at < SAME_READ
            for link in item.custody
        )
        if not recently:
            link = Custody(
                at=at,
                what=READ,
                by=reader.role.value,
                key_id=reader.key_id,
                version_id=item.version_id,
            )
            noted = item.model_copy(update={"custody": (*item.custody, link)})
            report = report.with_item(noted)
    return report


def _link(item: Item, store: ObjectStore, expiry_s: int) -> str | None:
    """A link that saves the file: foreign bytes must not be shown in the reviewer's own origin."""
    if item.state is not ItemState.STORED:
        return None
    extension = mimetypes.guess_extension(item.found_type or item.content_type) or ""
    return store.presign_download(
        item.object_key,
        version_id=item.version_id,
        expires=timedelta(seconds=expiry_s),
        filename=f"{item.kind}-{item.item_id}{extension}",
    )


def _reviewed(item: Item, link: str | None) -> ReviewedItem:
    return ReviewedItem(
        **ItemView.of(item).model_dump(),
        position=item.position,
        found_type=item.found_type,
        taken_at=item.exif.taken_at,
        remove_at=item.remove_at,
        taken_position=item.exif.position,
        download_url=link,
        custody=list(item.custody),
    )
