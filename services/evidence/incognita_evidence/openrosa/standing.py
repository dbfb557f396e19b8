"""What became of each form that came for a visit: whether it is the one that counts. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from incognita_evidence.openrosa.arrival import Arrival
from incognita_evidence.report import Report, ReportState, Submission
from incognita_evidence.visit import OPEN_STATES, Visit


class Standing(StrEnum):
    """``counts``: the report, or a stage of it, is this one. ``replaced``: it was handed in, for an
    earlier revision or until another came. ``kept``: it came when another had been handed in, or
    the visit was closed. ``waiting``: files of it are still to come.
    """

    COUNTS = "counts"
    REPLACED = "replaced"
    KEPT = "kept"
    WAITING = "waiting"


class Stood(NamedTuple):
    """``handed_in``: SHA-256 of each version of the XML that was handed in, and that submission."""

    standing: Standing
    handed_in: Mapping[str, Submission]


def standings(arrivals: Iterable[Arrival], report: Report | None, visit: Visit) -> dict[str, Stood]:
    """Arrival id → what became of it."""
    arrivals = tuple(arrivals)
    handed_in = {each.id: _handed_in(each, report) for each in arrivals}
    closed = visit.state not in OPEN_STATES
    closed = closed or (report is not None and report.state is ReportState.COMPLETED)
    found: dict[str, Stood] = {}
    for arrival in arrivals:
        own = handed_in[arrival.id]
        if any(_counts(arrival, each, report) for each in own.values()):
            standing = Standing.COUNTS
        elif own:
            standing = Standing.REPLACED
        elif closed or _came_after_another(arrival, arrivals, handed_in):
            standing = Standing.KEPT
        else:
            standing = Standing.WAITING
        found[arrival.id] = Stood(standing, own)
    return found


def _handed_in(arrival: Arrival, report: Report | None) -> dict[str, Submission]:
    if report is None:
        return {}
    known = {each: report.submission(arrival.submission_key(each)) for each in arrival.versions}
    return {xml_sha256: each for xml_sha256, each in known.items() if each is not None}


def _counts(arrival: Arrival, submission: Submission, report: Report | None) -> bool:
    if report is None or submission.answer.report_revision != report.revision:
        return False
    if arrival.stage_id is None:
        return submission.content_sha256 == report.content_sha256
    return any(
        stage.stage_id == arrival.stage_id and stage.submitted_at == submission.at
        for stage in report.stages
    )


def _came_after_another(
    arrival: Arrival, arrivals: Iterable[Arrival], handed_in: Mapping[str, Mapping[str, Submission]]
) -> bool:
    """Whether another filling of the same form had been handed in when this one last came."""
    return arrival.updated_at is not None and any(
        submission.at <= arrival.updated_at
        for other in arrivals
        if other.form_id == arrival.form_id and other.id != arrival.id
        for submission in handed_in[other.id].values()
    )
