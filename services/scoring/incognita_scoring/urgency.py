"""By when a report should be decided, and why: the order of the reviewers' queue. Pure.

A report should be decided within three days of its arrival. Whatever makes it more pressing brings
that moment forward by some hours, so that a grave case overtakes others, and still no report waits
for ever: what has waited long enough comes before anything new. The wave's end, as it is known when
the report comes, is a limit for all.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from incognita_scoring.rules import grave
from incognita_shared.events.evidence import Finding, Severity
from incognita_shared.values import Moment, Value

HOURS = 72
LEAST_HOURS = 4


class Ground(StrEnum):
    """What makes a report pressing."""

    CRITICAL_MISS = "critical_miss"
    MAJOR_FINDING = "major_finding"
    MINOR_FINDING = "minor_finding"
    DOUBT = "doubt"
    CORRECTED_REPORT = "corrected_report"
    APPROVAL_TAKEN_BACK = "approval_taken_back"
    SECOND_REVIEW = "second_review"
    WAVE_ENDS = "wave_ends"


BROUGHT_FORWARD: Mapping[Ground, int] = {
    Ground.CRITICAL_MISS: 24,  # the branch must hear of it while somebody remembers the day
    Ground.MAJOR_FINDING: 18,  # perhaps a false visit: there must be time to send another shopper
    Ground.MINOR_FINDING: 6,
    Ground.DOUBT: 6,
    Ground.CORRECTED_REPORT: 12,  # the shopper has waited for a word once already
    Ground.APPROVAL_TAKEN_BACK: 24,  # the chain has seen a score that is gone
    Ground.SECOND_REVIEW: 12,
}
"""Ground → hours; each counts once, however many findings of its kind there are."""


class Reason(Value):
    """``hours``: how much earlier the report should be decided for this ground."""

    ground: Ground
    hours: int


class Urgency(Value):
    """By when to decide, and why then."""

    decide_by: Moment
    reasons: tuple[Reason, ...]


def urgency(
    opened_at: datetime, grounds: Iterable[Ground], wave_ends_at: datetime | None = None
) -> Urgency:
    """When a report should be decided that waits since ``opened_at``.

    Never less than four hours after its arrival, so that ``decide_by`` can be kept.
    """
    reasons = [Reason(ground=each, hours=BROUGHT_FORWARD[each]) for each in dict.fromkeys(grounds)]
    hours = max(LEAST_HOURS, HOURS - sum(each.hours for each in reasons))
    decide_by = opened_at + timedelta(hours=hours)
    if wave_ends_at is not None and wave_ends_at < decide_by:
        limit = max(wave_ends_at, opened_at + timedelta(hours=LEAST_HOURS))
        earlier = (decide_by - limit) // timedelta(hours=1)
        reasons.append(Reason(ground=Ground.WAVE_ENDS, hours=earlier))
        decide_by = limit
    return Urgency(decide_by=decide_by, reasons=tuple(reasons))


def grounds_of(
    findings: Iterable[Finding], doubts: Iterable[str], critical_failed: Iterable[str]
) -> tuple[Ground, ...]:
    """What the score itself says."""
    severities = {each.severity for each in grave(findings)}
    said = {
        Ground.CRITICAL_MISS: any(True for _ in critical_failed),
        Ground.MAJOR_FINDING: Severity.MAJOR in severities,
        Ground.MINOR_FINDING: Severity.MINOR in severities,
        Ground.DOUBT: any(True for _ in doubts),
    }
    return tuple(ground for ground, holds in said.items() if holds)
