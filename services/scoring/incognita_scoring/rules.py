"""What may become of a report after it is scored. No I/O.

A report whose findings are at most ``info`` and whose score left no doubt is approved by rule;
any other waits for a reviewer, and where the chain's rule asks for it for a second one. An approved
report may still be rejected, or its approval be taken back: either takes it out of the standings;
what the shopper has been paid by then stays theirs. The score of a visit that was called off is
rejected whatever came first, the report or the cancellation.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from incognita_shared.events.evidence import Finding, Severity


class ReviewState(StrEnum):
    """Where a scored report stands."""

    WAITING = "waiting"
    SECOND_REVIEW = "second_review"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


OPEN = (ReviewState.WAITING, ReviewState.SECOND_REVIEW)
"""The states of the reviewers' queue."""


class Verb(StrEnum):
    """What can be decided about a report.

    ``endorse`` is a first reviewer's approval where a second one is asked for. ``correct`` changes
    answers and leaves the report to wait. ``unapprove`` takes an approval back.
    """

    APPROVE = "approve"
    ENDORSE = "endorse"
    RETURN = "return"
    REJECT = "reject"
    CORRECT = "correct"
    UNAPPROVE = "unapprove"


SILENT = frozenset({Verb.ENDORSE, Verb.CORRECT})
"""No event is said of these: nobody outside acts on a first approval, and a correction is told by
the revision that it makes."""

OUTCOME: Mapping[Verb, ReviewState] = {
    Verb.APPROVE: ReviewState.APPROVED,
    Verb.ENDORSE: ReviewState.SECOND_REVIEW,
    Verb.RETURN: ReviewState.RETURNED,
    Verb.REJECT: ReviewState.REJECTED,
    Verb.CORRECT: ReviewState.WAITING,
    Verb.UNAPPROVE: ReviewState.WAITING,
}

ALLOWED: Mapping[ReviewState, tuple[Verb, ...]] = {
    ReviewState.WAITING: (Verb.APPROVE, Verb.RETURN, Verb.REJECT, Verb.CORRECT),
    ReviewState.SECOND_REVIEW: (Verb.APPROVE, Verb.RETURN, Verb.REJECT, Verb.CORRECT),
    ReviewState.APPROVED: (Verb.REJECT, Verb.UNAPPROVE),
    ReviewState.RETURNED: (),
    ReviewState.REJECTED: (),
}
"""A returned report moves on by its next revision, which only the shopper can bring."""


class RejectReason(StrEnum):
    """Why a report does not count, in one word for statistics."""

    FABRICATED = "fabricated"
    WRONG_BRANCH = "wrong_branch"
    LATE = "late"
    INCOMPLETE = "incomplete"
    CONDUCT = "conduct"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"
    OTHER = "other"


def grave(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that ask for a reviewer."""
    return tuple(each for each in findings if each.severity is not Severity.INFO)


def state_by_rule(findings: Iterable[Finding], doubts: Sequence[str]) -> ReviewState:
    """Where a report stands as soon as it is scored."""
    return ReviewState.WAITING if doubts or grave(findings) else ReviewState.APPROVED
