"""Verifying what was uploaded, and completing a report that only waited for that."""

from incognita_evidence.attempts import until_written
from incognita_evidence.errors import ItemNotFound, ItemsRefused, ObjectNotHere, ReportClosed
from incognita_evidence.report import Item, ItemState, Report, ReportState
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules import verdicts
from incognita_evidence.rules.completion import Said, settle
from incognita_evidence.rules.findings import Limits
from incognita_evidence.rules.verdicts import Proved, Verdict
from incognita_evidence.verification import Verifier
from incognita_evidence.visit import Visit
from incognita_shared.clock import now


async def verify_item(
    visit: Visit,
    item_id: str,
    *,
    reports: Reports,
    verifier: Verifier,
    limits: Limits,
    bucket: str,
) -> Item:
    """The item, stored. ``evidence.stored`` is said, and ``report.completed`` if it was the last.

    Raises ItemNotFound, ObjectNotHere, ReportClosed, and ItemsRefused for bytes that are not what
    was declared.
    """
    told: dict[str, Verdict] = {}

    async def attempt() -> Report | None:
        report, item = _declared(await reports.find_report(visit.id), visit.id, item_id)
        if item.state is not ItemState.DECLARED:
            return report
        if item_id not in told:
            told.update(await look(visit, report, (item,), reports=reports, verifier=verifier))
        if isinstance(told[item_id], verdicts.Absent):
            raise ObjectNotHere(item)
        at = now()
        report, stored = verdicts.apply(report, told, at=at, bucket=bucket)
        done: Said = ()
        if report.state is ReportState.INCOMPLETE:
            report, done = settle(
                report,
                visit,
                await reports.get_questionnaire(visit),
                elsewhere=await elsewhere(report, reports),
                at=at,
                limits=limits,
                bucket=bucket,
            )
        report = report.model_copy(update={"updated_at": at})
        return report if await reports.save(report, (*stored, *done)) else None

    report = await until_written(visit.id, attempt)
    _, item = _declared(report, visit.id, item_id)
    if item.state is ItemState.REFUSED:
        raise ItemsRefused((item,))
    return item


async def look(
    visit: Visit,
    report: Report,
    items: tuple[Item, ...],
    *,
    reports: Reports,
    verifier: Verifier,
) -> dict[str, Verdict]:
    """Verify the items and note the proved ones, so that other visits can be compared with them."""
    told = await verifier.verify(items, time_zone=visit.time_zone)
    proved = [item for item in items if isinstance(told[item.item_id], Proved)]
    await reports.note_media(report.id, proved)
    return told


async def elsewhere(report: Report, reports: Reports) -> dict[str, tuple[str, ...]]:
    """In which other visits of the chain the report's stored files are."""
    stored = report.in_state(ItemState.STORED)
    return await reports.find_elsewhere(report.id, (item.sha256 for item in stored))


def _declared(report: Report | None, visit_id: str, item_id: str) -> tuple[Report, Item]:
    item = report.item(item_id) if report else None
    if report is None or item is None:
        raise ItemNotFound(item_id)
    if item.state is ItemState.DECLARED and report.state is ReportState.COMPLETED:
        raise ReportClosed(visit_id, report.state)
    return report, item
