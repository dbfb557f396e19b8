"""How well shoppers report and reviewers decide, from what was decided. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from incognita_scoring.rules import ReviewState, Verb
from incognita_scoring.score import DecidedBy, Decision
from incognita_shared.values import Moment, Value

_HOUR = timedelta(hours=1)
_DECIDES = (Verb.APPROVE, Verb.ENDORSE, Verb.RETURN, Verb.REJECT)
"""Words that end a wait; a correction does not."""


class ReviewedReport(Value):
    """What is read of one scored report. ``faults``: findings and doubts of all its revisions."""

    shopper_id: str
    state: ReviewState
    report_revision: int
    decisions: tuple[Decision, ...]
    faults: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperQuality:
    """One shopper's reports. ``faults_per_report``: what asked for a reviewer, of each report."""

    reports: int
    approved: int
    rejected: int
    returns: int
    corrections: int
    approvals_taken_back: int
    faults_per_report: float
    hours_to_decision: float | None
    """From when a report came to a reviewer's word about it: the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerQuality:
    """One reviewer's words. ``overturned``: own approvals after which the report was unapproved or
    rejected; ``appeals_upheld``: those after which an appeal changed the score."""

    reports: int
    approvals: int
    first_approvals: int
    returns: int
    rejections: int
    corrections: int
    overturned: int
    appeals_upheld: int
    faults_per_report: float
    hours_to_decision: float | None


def shopper_quality(reports: Sequence[ReviewedReport]) -> ShopperQuality:
    """Of one shopper's reports; there is at least one."""
    words = [word for report in reports for word in report.decisions]
    states = [report.state for report in reports]
    called_off = sum(word.by is DecidedBy.CANCELLATION for word in words)
    return ShopperQuality(
        reports=len(reports),
        approved=states.count(ReviewState.APPROVED),
        rejected=states.count(ReviewState.REJECTED) - called_off,
        returns=_count(words, Verb.RETURN),
        corrections=_count(words, Verb.CORRECT),
        approvals_taken_back=_count(words, Verb.UNAPPROVE),
        faults_per_report=_share(sum(report.faults for report in reports), len(reports)),
        hours_to_decision=_hours(word for word in words if word.by is DecidedBy.REVIEWER),
    )


def reviewer_quality(
    key_id: str, reports: Sequence[ReviewedReport], since: datetime, until: datetime
) -> ReviewerQuality:
    """Of the words that this key said from ``since`` to before ``until``."""
    own = {
        number: [
            place
            for place, word in enumerate(report.decisions)
            if word.key_id == key_id
            and word.by is DecidedBy.REVIEWER
            and since <= word.decided_at < until
        ]
        for number, report in enumerate(reports)
    }
    words = [reports[number].decisions[place] for number, places in own.items() for place in places]
    seen = [reports[number] for number, places in own.items() if places]
    return ReviewerQuality(
        reports=len(seen),
        approvals=_count(words, Verb.APPROVE),
        first_approvals=_count(words, Verb.ENDORSE),
        returns=_count(words, Verb.RETURN),
        rejections=_count(words, Verb.REJECT),
        corrections=_count(words, Verb.CORRECT),
        overturned=_followed(reports, own, by=None),
        appeals_upheld=_followed(reports, own, by=DecidedBy.APPEAL),
        faults_per_report=_share(sum(report.faults for report in seen), len(seen)),
        hours_to_decision=_hours(words),
    )


def _followed(
    reports: Sequence[ReviewedReport],
    own: Mapping[int, Sequence[int]],
    *,
    by: DecidedBy | None,
) -> int:
    """Own approvals after which an appeal was upheld, or a person took the approval away."""
    found = 0
    for number, places in own.items():
        decisions = reports[number].decisions
        for place in places:
            if decisions[place].verb not in (Verb.APPROVE, Verb.ENDORSE):
                continue
            later = decisions[place + 1 :]
            if by is not None:
                found += any(word.by is by for word in later)
            else:
                found += any(
                    word.verb in (Verb.UNAPPROVE, Verb.REJECT) and word.by is DecidedBy.REVIEWER
                    for word in later
                )
    return found


def _count(words: Iterable[Decision], verb: Verb) -> int:
    return sum(word.verb is verb for word in words)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _hours(words: Iterable[Decision]) -> float | None:
    waits = [
        (word.decided_at - word.opened_at) / _HOUR
        for word in words
        if word.verb in _DECIDES and word.opened_at is not None
    ]
    return round(median(waits), 4) if waits else None


class Period(Value):
    """From ``since`` to before ``until``."""

    since: Moment
    until: Moment
