"""What evidence and scoring say of a visit."""

from typing import Any

from incognita_assignment.visit import Visit
from incognita_shared.clock import now
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.events.scoring import (
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
)


def completed(visit: Visit, revision: int = 1, **fields: Any) -> ReportCompleted:
    """The report is there."""
    return ReportCompleted(
        **_of(visit, revision),
        report_revision=revision,
        programme_id=visit.programme_id,
        shopper_id=visit.shopper_id,
        questionnaire_id=visit.questionnaire_id,
        questionnaire_version=1,
        channel=visit.channel,
        scenario=visit.scenario,
        answers={},
        items=(),
        findings=(),
        started_at=now(),
        ended_at=now(),
        **{"submitted_at": now(), **fields},
    )


def approved(
    visit: Visit, revision: int = 1, by: str = "rule", *, seq: int | None = None
) -> ReportApproved:
    """The report counts."""
    return ReportApproved(
        **_of(visit, seq or revision),
        report_revision=revision,
        score_revision=revision,
        score="88",
        passed=True,
        critical_failed=(),
        approved_by=by,
        approved_at=now(),
    )


def unapproved(visit: Visit, revision: int = 1, *, seq: int | None = None) -> ReportUnapproved:
    """The approval is taken back."""
    return ReportUnapproved(
        **_of(visit, seq or revision),
        report_revision=revision,
        score_revision=revision,
        reason="The photo was reused.",
        unapproved_at=now(),
    )


def returned(
    visit: Visit,
    revision: int = 1,
    *,
    question_ids: tuple[str, ...] = (),
    seq: int | None = None,
) -> ReportReturned:
    """The shopper shall correct it."""
    return ReportReturned(
        **_of(visit, seq or revision),
        report_revision=revision,
        reason="No photo.",
        question_ids=question_ids,
        returned_at=now(),
    )


def rejected(visit: Visit, revision: int = 1, *, seq: int | None = None) -> ReportRejected:
    """It does not count."""
    return ReportRejected(
        **_of(visit, seq or revision),
        report_revision=revision,
        reason="Invented.",
        rejected_at=now(),
    )


def _of(visit: Visit, seq: int) -> dict[str, Any]:
    return {
        "chain_id": visit.chain_id,
        "visit_id": visit.visit_id,
        "branch_id": visit.branch_id,
        "wave_id": visit.wave_id,
        "seq": seq,
    }
