"""What may become of a report after it is scored. No I/O.

A report whose findings are at most ``info`` and whose score left no doubt is approved by rule;
any other waits for a reviewer. An approved report may still be rejected, which takes it out of the
standings; what the shopper has earned by then stays theirs. The score of a visit that was called
off is rejected whatever came first, the report or the cancellation.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from incognita_shared.events.evidence import Finding, Severity


class ReviewState(StrEnum):
    """Where a scored report stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"


class Verb(StrEnum):
    """What a reviewer can do with a report."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


OUTCOME: Mapping[Verb, ReviewState] = {
    Verb.APPROVE: ReviewState.APPROVED,
    Verb.RETURN: ReviewState.RETURNED,
    Verb.REJECT: ReviewState.REJECTED,
}

ALLOWED: Mapping[ReviewState, tuple[Verb, ...]] = {
    ReviewState.WAITING: (Verb.APPROVE, Verb.RETURN, Verb.REJECT),
    ReviewState.APPROVED: (Verb.REJECT,),
    ReviewState.RETURNED: (),
    ReviewState.REJECTED: (),
}
"""A returned report moves on by its next revision, which only the shopper can bring."""


def state_by_rule(findings: Iterable[Finding], doubts: Sequence[str]) -> ReviewState:
    """Where a report stands as soon as it is scored."""
    clean = not doubts and all(finding.severity is Severity.INFO for finding in findings)
    return ReviewState.APPROVED if clean else ReviewState.WAITING
