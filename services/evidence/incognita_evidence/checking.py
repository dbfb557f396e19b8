"""Verifying what was uploaded, and completing a report that only waited for that."""

from asyncio import gather
from collections.abc import Iterable
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Looks:
    """What a request has seen of its report's objects: each is looked at once, however often the
    request has to begin again.

    ``told``: item id → verdict. ``elsewhere``: SHA-256 → the chain's visits that had it before.
    """

    told: dict[str, Verdict] = field(default_factory=dict)
    elsewhere: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def look(self, visit: Visit, items: Iterable[Item], *, desk: Desk) -> None:
        """Verify those not seen yet; note the proved, to compare other visits with them."""
        new = [item for item in items if item.item_id not in self.told]
        told = await desk.verifier.verify(new, time_zone=visit.time_zone)
        proved = {item.sha256 for item in new if isinstance(told[item.item_id], Proved)}
        noted = await gather(*(desk.reports.note_media(visit.id, digest) for digest in proved))
        self.elsewhere.update(zip(proved, noted, strict=True))
        self.told.update(told)

    async def where_else(self, report: Report, reports: Reports) -> dict[str, tuple[str, ...]]:
        """SHA-256 of the report's stored files → the chain's visits that had them before."""
        stored = {item.sha256 for item in report.proved}
        return self.elsewhere | await reports.find_elsewhere(
            report.id, stored.difference(self.elsewhere)
        )


async def verify_item(visit: Visit, item_id: str, *, desk: Desk) -> Item:
    """The item, stored. ``evidence.stored`` is said, and ``report.completed`` if it was the last.

    Raises ItemNotFound, ObjectNotHere, ReportClosed, and ItemsRefused for bytes that are not what
    was declared.
    """
    looks = Looks()

    async def attempt() -> Report | None:
        report, item = _declared(await desk.reports.find_report(visit.id), visit.id, item_id)
        if item.state is not ItemState.DECLARED:
            return report
        await looks.look(visit, (item,), desk=desk)
        if isinstance(looks.told[item_id], verdicts.Absent):
            raise ObjectNotHere(item)
        at = now()
        report, stored = verdicts.apply(report, looks.told, at=at, bucket=desk.bucket)
        done: Said = ()
        if report.state is ReportState.INCOMPLETE:
            report, done = settle(
                report,
                visit,
                ReadAnswers(
                    await desk.reports.get_questionnaire(visit),
                    report.answers,
                    visit.context(report.made_at),
                ),
                elsewhere=await looks.where_else(report, desk.reports),
                at=at,
                limits=desk.limits,
                bucket=desk.bucket,
                retention_days=desk.retention_days,
            )
        report = report.model_copy(update={"updated_at": at})
        return report if await desk.reports.save(report, (*stored, *done)) else None

    report = await until_written(visit.id, attempt)
    _, item = _declared(report, visit.id, item_id)
    if item.state is ItemState.REFUSED:
        raise ItemsRefused((item,))
    return item


def _declared(report: Report | None, visit_id: str, item_id: str) -> tuple[Report, Item]:
    item = report.item(item_id) if report else None
    if report is None or item is None:
        raise ItemNotFound(item_id)
    if item.state is ItemState.DECLARED and report.state is ReportState.COMPLETED:
        raise ReportClosed(visit_id, report.state)
    return report, item
