"""What is found at this door beside what the answers contradict, and how a report learns of it.

Codes: ``conflict_version`` (another XML under the same instance id), ``second_submission`` (another
form after the report was handed in), ``visit_closed``, ``unusable_file`` (can be no evidence of its
kind), ``clock_wrong`` (the form's own times can't be used), ``other_form_version``.
"""

from collections.abc import Iterable, Mapping, Sequence

from incognita_evidence import said
from incognita_evidence.attempts import until_written
from incognita_evidence.desk import Desk
from incognita_evidence.openrosa.arrival import Arrival, ArrivedFile
from incognita_evidence.openrosa.intake import Filled
from incognita_evidence.report import Item, ItemState, Report, ReportState
from incognita_evidence.rules.verdicts import Verdict
from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.events.evidence import Finding, ReportFlagged, Severity
from incognita_shared.problems import Problem
from incognita_xlsform.claims import ClaimedFile

MOST_NOTED = 100
_LONGEST_DETAIL = 500
_LONGEST_NAME = 80


def of_arrival(filled: Filled, arrival: Arrival) -> tuple[Finding, ...]:
    """What the arrival itself tells."""
    found = []
    if len(arrival.versions) > 1:
        versions = ", ".join(each[:12] for each in arrival.versions)
        detail = f"{len(arrival.versions)} versions under one instance id, SHA-256 {versions}"
        found.append(_finding("conflict_version", Severity.MAJOR, detail))
    expected = str(filled.visit.questionnaire_version)
    version = filled.instance.version
    if version != expected:
        detail = f"filled in version {ascii(version)[:_LONGEST_NAME]}, expected was {expected}"
        found.append(_finding("other_form_version", Severity.INFO, detail))
    return tuple(found)


def closed(visit: Visit) -> Finding:
    """The visit took nothing any more when the form came."""
    detail = f"a report came when the visit was {visit.state}"
    return _finding("visit_closed", Severity.MAJOR, detail)


def another(filled: Filled) -> Finding:
    """Another form came after the report was handed in; its XML is kept."""
    detail = f"another form was sent later, SHA-256 {filled.xml_sha256}; it is kept, not counted"
    return _finding("second_submission", Severity.MINOR, detail)


def unusable(claimed: ClaimedFile, file: ArrivedFile, problem: Problem) -> Finding:
    """A file that came and can be no evidence; it is kept."""
    name = ascii(file.name)[:_LONGEST_NAME]
    why = "; ".join(str(each["cause"]) for each in problem.errors) or problem.detail
    detail = f"{claimed.kind} {name}, SHA-256 {file.sha256}: {why}"
    return _finding("unusable_file", Severity.MAJOR, detail, question_id=claimed.question_id)


def refused(report: Report, told: Mapping[str, Verdict]) -> tuple[Finding, ...]:
    """Items that this request found to be no evidence."""
    items: Iterable[Item] = (
        item for item in report.in_state(ItemState.REFUSED) if item.item_id in told
    )
    return tuple(
        Finding(
            code="unusable_file",
            severity=Severity.MAJOR,
            item_id=item.item_id,
            question_id=item.question_id,
            detail=(item.cause or "")[:_LONGEST_DETAIL],
        )
        for item in items
    )


def clock_wrong(detail: str) -> Finding:
    """The phone's times can't be used."""
    return _finding("clock_wrong", Severity.MINOR, detail)


def with_findings(report: Report, found: Sequence[Finding]) -> Report:
    """The report with what was found at the door, each once."""
    noted = tuple(dict.fromkeys((*report.noted, *found)))[:MOST_NOTED]
    return report.model_copy(update={"noted": noted})


async def note(visit: Visit, found: Sequence[Finding], *, desk: Desk) -> None:
    """Note it with the visit's report, whatever its state.

    Of a completed one ``report.flagged`` is said again, if a reviewer should see what is new.
    """

    async def attempt() -> bool | None:
        report = await desk.reports.find_report(visit.id) or Report.of(visit)
        new = tuple(each for each in dict.fromkeys(found) if each not in report.noted)
        if not new or len(report.noted) >= MOST_NOTED:
            return True
        at = now()
        grave = tuple(each for each in new if each.severity is not Severity.INFO)
        report = with_findings(report, new).model_copy(
            update={
                "findings": (*report.findings, *new),
                "flagged": report.flagged or bool(grave),
                "updated_at": at,
            }
        )
        events: tuple[ReportFlagged, ...] = ()
        if grave and report.state is ReportState.COMPLETED:
            events = (said.flagged(report, grave, seq=report.seq + 1, at=at),)
            report = report.model_copy(update={"seq": report.seq + 1})
        return True if await desk.reports.save(report, events) else None

    await until_written(visit.id, attempt)


def _finding(
    code: str, severity: Severity, detail: str, *, question_id: str | None = None
) -> Finding:
    return Finding(
        code=code, severity=severity, question_id=question_id, detail=detail[:_LONGEST_DETAIL]
    )
