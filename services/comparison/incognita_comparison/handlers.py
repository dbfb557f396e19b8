"""What the service does on each event. ``HANDLERS`` at the foot is the table."""

from collections.abc import Mapping
from typing import Any

from incognita_comparison.repository.catalog import keep_branch, keep_questionnaire, keep_wave
from incognita_comparison.repository.results import (
    BRANCH_WAVES,
    RESULTS,
    add_to_sums,
    find_result,
    keep_revision,
    keep_verdict,
    sums_key,
)
from incognita_comparison.rules import (
    contribution,
    difference,
    is_failure,
    mean_points,
    revision_of,
    to_points,
)
from incognita_shared.auth import on_api_key_changed
from incognita_shared.clock import now
from incognita_shared.events import Event
from incognita_shared.events.assignment import (
    ApiKeyChanged,
    BranchChanged,
    QuestionnairePublished,
    WaveChanged,
)
from incognita_shared.events.comparison import BranchAlerted, StandingChanged
from incognita_shared.events.scoring import (
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
    VisitScored,
)
from incognita_shared.kafka.incoming import Handler, NotReady, Reads, Received
from incognita_shared.mongo.work import Work

Withdrawn = ReportReturned | ReportRejected | ReportUnapproved
Verdict = ReportApproved | Withdrawn


async def on_branch_changed(received: Received[BranchChanged], work: Work) -> None:
    """Keep where the branch belongs."""
    keep_branch(work, received.event)


async def on_wave_changed(received: Received[WaveChanged], work: Work) -> None:
    """Keep the wave's name, dates and questionnaire."""
    keep_wave(work, received.event)


async def on_questionnaire_published(
    received: Received[QuestionnairePublished], work: Work
) -> None:
    """Keep the texts of sections and questions."""
    keep_questionnaire(work, received.event)


async def on_visit_scored(received: Received[VisitScored], work: Work) -> None:
    """Keep the score revision. It does not count before it is approved."""
    await keep_revision(work, received.event, revision_of(received.event))


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """Count the approved revision, in the place of the one that counted before.

    A failure is told once: not again when a report that failed is scored anew and still fails.
    """
    event = received.event
    result = await _result_of(event, work)
    if event.seq <= result["seq"]:
        return
    if str(event.score_revision) not in result["revisions"]:
        raise NotReady(f"score revision {event.score_revision} of {event.visit_id} is not here yet")
    result["seq"] = event.seq
    alerts = is_failure(event) and not _failed(result)
    await _count(event, result, work, revision=event.score_revision)
    if alerts:
        _alert(event, result, work)
    keep_verdict(work, result)


async def on_report_returned(received: Received[ReportReturned], work: Work) -> None:
    """A returned report does not count until it is approved again."""
    await _discount(received.event, work)


async def on_report_rejected(received: Received[ReportRejected], work: Work) -> None:
    """A rejected report does not count."""
    await _discount(received.event, work)


async def on_report_unapproved(received: Received[ReportUnapproved], work: Work) -> None:
    """A report whose approval is taken back does not count until it is approved again."""
    await _discount(received.event, work)


async def _discount(event: Withdrawn, work: Work) -> None:
    result = await _result_of(event, work)
    if event.seq <= result["seq"]:
        return
    result["seq"] = event.seq
    if result["counted"] is not None:
        await _count(event, result, work, revision=None)
    keep_verdict(work, result)


async def _result_of(event: Verdict, work: Work) -> dict[str, Any]:
    result = await find_result(work, chain_id=event.chain_id, visit_id=event.visit_id)
    if result is None:
        raise NotReady(f"no score of {event.visit_id} is here yet")
    return result


async def _count(
    event: Verdict,
    result: dict[str, Any],
    work: Work,
    *,
    revision: int | None,
) -> None:
    """Let ``revision`` count and no other, and say where the branch stands now."""
    new, old = _contribution(result, revision), _contribution(result, result["counted"])
    added = difference(new, old)
    count, total = await add_to_sums(work, result, added)
    result["counted"] = revision
    score = None if revision is None else result["revisions"][str(revision)]["score"]
    work.publish(
        StandingChanged(
            **_about(event, result),
            visits=count,
            mean_score=mean_points(total, count),
            visit_score=None if score is None else to_points(score),
            changed_at=now(),
        )
    )


def _contribution(result: Mapping[str, Any], revision: int | None) -> Mapping[str, int]:
    return {} if revision is None else contribution(result["revisions"][str(revision)])


def _failed(result: Mapping[str, Any]) -> bool:
    """Whether what counts now is a failure."""
    counted = result["counted"]
    return counted is not None and bool(result["revisions"][str(counted)].get("failed"))


def _alert(event: ReportApproved, result: dict[str, Any], work: Work) -> None:
    work.publish(
        BranchAlerted(
            **_about(event, result),
            visit_score=event.score,
            critical_failed=event.critical_failed,
            alerted_at=now(),
        )
    )


def _about(event: Verdict, result: dict[str, Any]) -> dict[str, Any]:
    """What every event of a visit says; takes the next number of what was said of this visit."""
    result["said"] += 1
    return {
        "chain_id": event.chain_id,
        "visit_id": event.visit_id,
        "branch_id": event.branch_id,
        "wave_id": event.wave_id,
        "seq": result["said"],
    }


def _verdict_reads(event: Verdict) -> tuple[tuple[str, str], ...]:
    return (RESULTS, event.visit_id), (BRANCH_WAVES, sums_key(event.wave_id, event.branch_id))


HANDLERS: Mapping[type[Event], Handler] = {
    BranchChanged: on_branch_changed,
    WaveChanged: on_wave_changed,
    QuestionnairePublished: on_questionnaire_published,
    ApiKeyChanged: on_api_key_changed,
    VisitScored: on_visit_scored,
    ReportApproved: on_report_approved,
    ReportReturned: on_report_returned,
    ReportRejected: on_report_rejected,
    ReportUnapproved: on_report_unapproved,
}

READS: Reads = {
    VisitScored: lambda event: [(RESULTS, event.visit_id)],
    **dict.fromkeys(
        (ReportApproved, ReportReturned, ReportRejected, ReportUnapproved), _verdict_reads
    ),
}
