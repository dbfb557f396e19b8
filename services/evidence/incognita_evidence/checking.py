"""Verifying what was uploaded, and completing a report that only waited for that."""

from incognita_evidence.attempts import until_written
from incognita_evidence.desk import Desk
from incognita_evidence.errors import ItemNotFound, ItemsRefused, ObjectNotHere, ReportClosed
from incognita_evidence.report import Item, ItemState, Report, ReportState
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules import verdicts
from incognita_evidence.rules.completion import Said, settle
from incognita_evidence.rules.verdicts import Proved, Verdict
from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.questionnaire.answers import ReadAnswers


async def verify_item(visit: Visit, item_id: str, *, desk: Desk) -> Item:
    """The item, stored. ``evidence.stored`` is said, and ``report.completed`` if it was the last.

    Raises ItemNotFound, ObjectNotHere, ReportClosed, and ItemsRefused for bytes that are not what
    was declared.
    """
    told: dict[str, Verdict] = {}

    async def attempt() -> Report | None:
        report, item = _declared(await desk.reports.find_report(visit.id), visit.id, item_id)
        if item.state is not ItemState.DECLARED:
            return report
        if item_id not in told:
            told.update(await look(visit, report, (item,), desk=desk))
        if isinstance(told[item_id], verdicts.Absent):
            raise ObjectNotHere(item)
        at = now()
        report, stored = verdicts.apply(report, told, at=at, bucket=desk.bucket)
        done: Said = ()
        if report.state is ReportState.INCOMPLETE:
            report, done = settle(
                report,
                visit,
                ReadAnswers(await desk.reports.get_questionnaire(visit), report.answers),
                elsewhere=await elsewhere(report, desk.reports),
                at=at,
                limits=desk.limits,
                bucket=desk.bucket,
            )
        report = report.model_copy(update={"updated_at": at})
        return report if await desk.reports.save(report, (*stored, *done)) else None

    report = await until_written(visit.id, attempt)
    _, item = _declared(report, visit.id, item_id)
    if item.state is ItemState.REFUSED:
        raise ItemsRefused((item,))
    return item


async def look(
    visit: Visit, report: Report, items: tuple[Item, ...], *, desk: Desk
) -> dict[str, Verdict]:
    """Verify the items and note the proved ones, so that other visits can be compared with them."""
    told = await desk.verifier.verify(items, time_zone=visit.time_zone)
    proved = [item for item in items if isinstance(told[item.item_id], Proved)]
    await desk.reports.note_media(report.id, proved)
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
