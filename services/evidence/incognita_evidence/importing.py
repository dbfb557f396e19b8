"""Many reports in one request: each accepted or refused as if it had been submitted by itself."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from incognita_evidence.access import if_known
from incognita_evidence.desk import Desk
from incognita_evidence.lines import Line
from incognita_evidence.report import Report, SubmitAnswer
from incognita_evidence.rules.completion import Said
from incognita_evidence.schemas.given import ImportedReport
from incognita_evidence.submissions import (
    Given,
    answer_of,
    earlier_answer,
    handed_in,
    read_given,
    submit,
)
from incognita_evidence.visit import OPEN_STATES, Visit
from incognita_shared.clock import now
from incognita_shared.http.bodies import sound_json
from incognita_shared.http.faults import invalid_body
from incognita_shared.problems import Problem, TooLarge
from incognita_shared.telemetry import on_trace_of

ONE_BY_ONE_AT_ONCE = 8
AT_A_STRETCH = 20
"""Lines that are checked before other requests get their turn: some 10 ms."""

Result = dict[str, Any]
Results = dict[int, Result]
"""Line number → what became of it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    visit: Visit
    given: Given


async def import_lines(
    lines: Sequence[Line], *, desk: Desk, shopper_id: str | None
) -> list[Result]:
    """Take in a batch, with one query for all its visits, one for their reports, and one write.

    What needs more, because something was handed in for the visit before, its report has several
    lines or the visit is closed, is submitted line by line. ``shopper_id``: for that shopper's
    visits only.
    """
    results: Results = {}
    entries = await _entries(lines, results, desk=desk, shopper_id=shopper_id)
    known = await desk.reports.find_reports({entry.visit.id for entry in entries})
    new: dict[str, tuple[_Entry, Report, Said]] = {}
    left: dict[str, list[_Entry]] = {}
    for stretch, entry in enumerate(entries):
        if stretch % AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        visit_id = entry.visit.id
        try:
            is_open = entry.visit.state in OPEN_STATES
            if not is_open or visit_id in new or visit_id in left:
                left.setdefault(visit_id, []).append(entry)
            elif visit_id not in known:
                new[visit_id] = (entry, *await _settled(entry, desk))
            elif answer := earlier_answer(known[visit_id], entry.given):
                results[entry.number] = _accepted(entry, answer)
            else:
                left[visit_id] = [entry]
        except Problem as problem:
            results[entry.number] = _refused(entry.number, problem, visit_id)
    await _write(new, left, results, desk=desk)
    await _one_by_one(left, results, desk=desk)
    return [results[line.number] for line in lines]


async def _entries(
    lines: Sequence[Line], results: Results, *, desk: Desk, shopper_id: str | None
) -> list[_Entry]:
    read: list[tuple[int, ImportedReport]] = []
    for stretch, line in enumerate(lines):
        if stretch % AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        try:
            read.append((line.number, _read(line)))
        except Problem as problem:
            results[line.number] = _refused(line.number, problem)
    visits = await desk.reports.find_visits({each.visit_id for _, each in read}, shopper_id)
    entries = []
    for number, each in read:
        try:
            visit = if_known(each.visit_id, visits.get(each.visit_id))
        except Problem as problem:
            results[number] = _refused(number, problem, each.visit_id)
        else:
            entries.append(_Entry(number, visit, Given.of(each, each.idempotency_key)))
    return entries


def _read(line: Line) -> ImportedReport:
    if line.text is None:
        raise TooLarge("The line is longer than a report may be")
    try:
        return ImportedReport.model_validate(sound_json(line.text))
    except ValidationError as error:
        raise invalid_body(error) from None


async def _settled(entry: _Entry, desk: Desk) -> tuple[Report, Said]:
    questionnaire = await desk.reports.get_questionnaire(entry.visit)
    report = Report.of(entry.visit)
    read = read_given(report, entry.visit, entry.given, questionnaire)
    at = now()
    report, said = handed_in(report, entry.visit, entry.given, read, elsewhere={}, at=at, desk=desk)
    return report.model_copy(update={"updated_at": at}), said


async def _write(
    new: dict[str, tuple[_Entry, Report, Said]],
    left: dict[str, list[_Entry]],
    results: Results,
    *,
    desk: Desk,
) -> None:
    if not new:
        return
    written = await desk.reports.insert_all([(report, said) for _, report, said in new.values()])
    for visit_id, (entry, report, _) in new.items():
        if visit_id in written:
            results[entry.number] = _accepted(entry, answer_of(report, entry.given.key))
        else:  # another request was faster
            left[visit_id] = [entry, *left.get(visit_id, ())]


async def _one_by_one(left: dict[str, list[_Entry]], results: Results, *, desk: Desk) -> None:
    slots = asyncio.Semaphore(ONE_BY_ONE_AT_ONCE)

    async def in_order(entries: Iterable[_Entry]) -> None:
        async with slots:
            for entry in entries:
                try:
                    with on_trace_of(entry.visit.id):
                        answer = await submit(entry.visit, entry.given, desk=desk)
                except Problem as problem:
                    results[entry.number] = _refused(entry.number, problem, entry.visit.id)
                else:
                    results[entry.number] = _accepted(entry, answer)

    done = await asyncio.gather(*map(in_order, left.values()), return_exceptions=True)
    for fault in done:
        if fault is not None:
            raise fault


def _accepted(entry: _Entry, answer: SubmitAnswer) -> Result:
    return {"line": entry.number, "status": 200, **answer.model_dump(mode="json")}


def _refused(number: int, problem: Problem, visit_id: str | None = None) -> Result:
    about = {} if visit_id is None else {"visit_id": visit_id}
    return {"line": number, "status": problem.status, **about, "problem": problem.content()}
