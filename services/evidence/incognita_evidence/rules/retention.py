"""Until when the files of a report's items are kept, and what becomes of the items then. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from incognita_evidence.report import Custody, Item, ItemState, Report, ReportState
from incognita_evidence.rules.verdicts import SERVICE
from incognita_shared.questionnaire.model import Questionnaire


def dated(
    report: Report, questionnaire: Questionnaire, *, at: datetime, default_days: int | None
) -> Report:
    """The report, complete or given up since ``at``, with the time when each file is to go.

    A question's rule for the kind goes before ``default_days``; None: for ever. Of several that
    could be meant, the longest: also for items that share one file.
    """
    kept: defaultdict[str, list[int | None]] = defaultdict(list)
    stored = report.in_state(ItemState.STORED)
    for item in stored:
        kept[item.object_key].extend(_days(item, questionnaire, default_days))
    for item in stored:
        days = _longest(kept[item.object_key])
        remove_at = None if days is None else at + timedelta(days=days)
        report = report.with_item(item.model_copy(update={"remove_at": remove_at}))
    return _scheduled(report)


def begun(report: Report, *, at: datetime) -> Report:
    """The report with the items that are due ``removing``, so that nobody is given them any more.

    None of a report that is open again: it is dated anew when it is complete.
    """
    due = [item for item in report.in_state(ItemState.STORED) if _is_due(item, report, at)]
    needed = {item.object_key for item in report.in_state(ItemState.STORED) if item not in due}
    for item in due:
        if item.object_key not in needed:
            report = report.with_item(item.model_copy(update={"state": ItemState.REMOVING}))
    return _scheduled(report)


def finished(report: Report, removed: Iterable[Item], *, at: datetime) -> Report:
    """The report after the objects of these ``removing`` items have gone."""
    for item in removed:
        until = "" if item.remove_at is None else f" on {item.remove_at.date()}"
        cause = f"its retention ended{until}"
        link = Custody(
            at=at,
            what=ItemState.REMOVED,
            by=SERVICE,
            version_id=item.version_id,
            sha256=item.sha256,
            why=cause,
        )
        update = {"state": ItemState.REMOVED, "cause": cause, "custody": (*item.custody, link)}
        report = report.with_item(item.model_copy(update=update))
    return _scheduled(report)


def _days(item: Item, questionnaire: Questionnaire, default: int | None) -> list[int | None]:
    found = [
        rule.retention_days or default
        for question in questionnaire.with_evidence
        if question.id == item.question_id
        for rule in question.evidence
        if rule.kind is item.kind
    ]
    return found or [default]


def _longest(days: Iterable[int | None]) -> int | None:
    known = list(days)
    return None if None in known else max(each for each in known if each is not None)


def _is_due(item: Item, report: Report, at: datetime) -> bool:
    return _is_closed(report) and item.remove_at is not None and item.remove_at <= at


def _is_closed(report: Report) -> bool:
    return report.state is ReportState.COMPLETED or report.given_up_at is not None


def _scheduled(report: Report) -> Report:
    waiting = report.in_state(ItemState.REMOVING)
    if _is_closed(report):
        waiting += report.in_state(ItemState.STORED)
    dates = [item.remove_at for item in waiting if item.remove_at is not None]
    return report.model_copy(update={"next_removal_at": min(dates, default=None)})
