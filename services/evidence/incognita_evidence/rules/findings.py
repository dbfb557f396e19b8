"""What looks wrong with a report. A finding is a hint for a reviewer, never a verdict."""

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incognita_evidence.report import Item, Missing, Report
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import Finding, Severity
from incognita_shared.values import Channel, EvidenceKind, Position

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
A_DAY = timedelta(days=1)
CLOCKS_APART = timedelta(minutes=5)
"""By how much a phone's clock may be fast."""
ON_THE_SPOT = frozenset({Channel.VISIT, Channel.DELIVERY})
"""Channels with a place. A call, an e-mail or a web order may come from anywhere."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``accuracy_allowance_m``: the most that a claimed accuracy may widen the geofence."""

    exif_tolerance: timedelta
    accuracy_allowance_m: float


def find(
    report: Report,
    visit: Visit,
    *,
    missing: Sequence[Missing],
    position_required: frozenset[tuple[str | None, EvidenceKind]],
    elsewhere: Mapping[str, Sequence[str]],
    at: datetime,
    limits: Limits,
    from_anywhere: Container[str | None] = (),
) -> tuple[Finding, ...]:
    """All findings of a submitted report whose items are ``stored``.

    ``missing``: what the shopper gave a reason for. ``position_required``: (question, kind) pairs.
    ``elsewhere``: SHA-256 → other visits of the chain with the same file. ``at``: when it was
    completed. ``from_anywhere``: questions of stages that have no place, such as a call.
    """
    stored = [item for item in report.items if item.stored_at is not None]
    near = [item for item in stored if item.question_id not in from_anywhere]
    return (
        *_geofence(report, visit, near, limits),
        *_positions(report, visit, stored, position_required),
        *_camera_times(report, stored, limits),
        *_duplicates(stored, elsewhere),
        *_explained(report, missing),
        *_lateness(visit, at),
        *_from_the_future(report),
        *_types(stored),
    )


def distance_m(one: Position, other: Position) -> float:
    """Great-circle distance in metres by the haversine formula (Sinnott 1984), on a sphere."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half = (lat2 - lat1) / 2, math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half[0]) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half[1]) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def _geofence(
    report: Report, visit: Visit, stored: Iterable[Item], limits: Limits
) -> Iterator[Finding]:
    if visit.channel not in ON_THE_SPOT:
        return
    if visit.position is None:
        yield _finding(
            "position_missing", Severity.INFO, "the branch has no position to compare with"
        )
        return
    claims: list[tuple[str, Item | None, Position | None]] = [("report", None, report.position)]
    for item in stored:
        claims += [("device", item, item.position), ("photo", item, item.exif.position)]
    for source, about, position in claims:
        if position is None:
            continue
        away = distance_m(position, visit.position)
        allowed = visit.geofence_m + min(position.accuracy_m or 0.0, limits.accuracy_allowance_m)
        if away > allowed:
            detail = f"by the {source}'s position {away:,.0f} m away, {allowed:,.0f} m allowed"
            yield _finding("outside_geofence", Severity.MAJOR, detail, about)


def _positions(
    report: Report,
    visit: Visit,
    stored: Sequence[Item],
    required: frozenset[tuple[str | None, EvidenceKind]],
) -> Iterator[Finding]:
    if visit.channel not in ON_THE_SPOT:
        return
    for item in stored:
        if (item.question_id, item.kind) in required and not _placed(item):
            yield _finding(
                "position_missing", Severity.MINOR, "the question asks for a position", item
            )
    if visit.channel is Channel.VISIT and not report.position and not any(map(_placed, stored)):
        detail = "neither the report nor any item has a position"
        yield _finding("position_missing", Severity.MINOR, detail)


def _placed(item: Item) -> bool:
    return item.position is not None or item.exif.position is not None


def _camera_times(report: Report, stored: Iterable[Item], limits: Limits) -> Iterator[Finding]:
    if report.started_at is None or report.ended_at is None:
        return
    for item in stored:
        taken = item.exif.taken_at
        if taken is None:
            continue
        off = max(report.started_at - taken, taken - report.ended_at)
        if off > limits.exif_tolerance:
            severity = Severity.MAJOR if off > A_DAY else Severity.MINOR
            detail = f"taken at {taken.isoformat()}, {_span(off)} outside of the visit"
            yield _finding("exif_time_outside_visit", severity, detail, item)


def _duplicates(
    stored: Sequence[Item], elsewhere: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    times = Counter(item.sha256 for item in stored)
    seen: set[str] = set()
    for item in stored:
        if item.sha256 in seen:
            detail = f"the same file stands for {times[item.sha256]} items of this visit"
            yield _finding("duplicate_in_visit", Severity.MINOR, detail, item)
        seen.add(item.sha256)
        if others := elsewhere.get(item.sha256):
            detail = f"the same file is in visit {', '.join(sorted(others)[:5])}"
            yield _finding("duplicate_in_chain", Severity.MAJOR, detail, item)


def _explained(report: Report, missing: Iterable[Missing]) -> Iterator[Finding]:
    for each in missing:
        reason = report.missing_evidence_reasons.get(each.kind, "")
        detail = f"{each.kind}: {each.present} of {each.needed}; the shopper's reason: {reason}"
        yield Finding(
            code="missing_item",
            severity=Severity.MAJOR,
            question_id=each.question_id,
            detail=detail[:500],
        )


def _lateness(visit: Visit, at: datetime) -> Iterator[Finding]:
    late = at - visit.due_at
    if late > timedelta(0):
        severity = Severity.MAJOR if late > A_DAY else Severity.MINOR
        yield _finding("late_report", severity, f"{_span(late)} after the due time")


def _from_the_future(report: Report) -> Iterator[Finding]:
    if report.ended_at is None or report.submitted_at is None:
        return
    ahead = report.ended_at - report.submitted_at
    if ahead > CLOCKS_APART:
        detail = f"the visit is said to end {_span(ahead)} after the report was handed in"
        yield _finding("future_time", Severity.MAJOR, detail)


def _types(stored: Iterable[Item]) -> Iterator[Finding]:
    for item in stored:
        if item.found_type is not None:
            detail = f"declared {item.content_type}, the bytes are {item.found_type}"
            yield _finding("type_mismatch", Severity.INFO, detail, item)


def _finding(code: str, severity: Severity, detail: str, item: Item | None = None) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        item_id=item.item_id if item else None,
        question_id=item.question_id if item else None,
        detail=detail[:500],
    )


def _span(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
