"""What this service does when it hears of something."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from incognita_scoring.repository import CALLED_OFF, SCORES, WAVES, projections
from incognita_scoring.repository.questionnaires import find_for_event, save_questionnaire
from incognita_scoring.repository.rescore_indexes import WAVE_VERSIONS
from incognita_scoring.repository.wave_versions import wave_version
from incognita_scoring.review_queue import queued
from incognita_scoring.rules import OPEN, ReviewState, grave
from incognita_scoring.scoring import called_off_score, score_report
from incognita_shared.auth import on_api_key_changed
from incognita_shared.clock import now
from incognita_shared.events.assignment import (
    ApiKeyChanged,
    BranchChanged,
    QuestionnairePublished,
    VisitCancelled,
    WaveChanged,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.kafka.incoming import Handler, NotReady, Reads, Received
from incognita_shared.mongo.work import Work


async def on_branch_changed(received: Received[BranchChanged], work: Work) -> None:
    """Know whose branch it is."""
    projections.save_branch(work, received.event)


async def on_wave_changed(received: Received[WaveChanged], work: Work) -> None:
    """Know by when its reports are wanted."""
    projections.save_wave(work, received.event)


async def on_questionnaire_published(
    received: Received[QuestionnairePublished], work: Work
) -> None:
    """Reports are scored against it from now on."""
    save_questionnaire(work, received.event)


async def on_report_completed(received: Received[ReportCompleted], work: Work) -> None:
    """Score the report, and approve it or let it wait. A revision that is scored stays as it is."""
    report = received.event
    questionnaire = await find_for_event(
        work, report.chain_id, report.questionnaire_id, report.questionnaire_version
    )
    if questionnaire is None:
        version = f"{report.questionnaire_id}:{report.questionnaire_version}"
        raise NotReady(f"questionnaire {version} is not here yet")
    before = await projections.find_score(work, report.visit_id)
    if before is not None and before.report_revision >= report.report_revision:
        return
    called_off = await projections.find_called_off(work, report.visit_id)
    later = await wave_version(work, report, questionnaire)
    outcome = score_report(
        report, questionnaire, before, now(), called_off=called_off, wave_version=later
    )
    waits = outcome.score.state in OPEN
    ends_at = await projections.wave_end(work, report.wave_id) if waits else None
    outcome = replace(outcome, score=queued(outcome.score, before, wave_ends_at=ends_at))
    if before is None:
        projections.insert_outcome(work, outcome)
    else:
        projections.replace_outcome(work, outcome)


async def on_visit_cancelled(received: Received[VisitCancelled], work: Work) -> None:
    """Whatever its report scored or will score does not count."""
    event = received.event
    projections.keep_called_off(work, event)
    score = await projections.find_score(work, event.visit_id)
    if score is None:
        projections.collide_with_first_score(work, event.visit_id)
    elif score.state is not ReviewState.REJECTED:
        projections.reject_score(work, *called_off_score(score, event.reason, now()))


HANDLERS: Mapping[type[Event], Handler] = {
    ApiKeyChanged: on_api_key_changed,
    BranchChanged: on_branch_changed,
    QuestionnairePublished: on_questionnaire_published,
    ReportCompleted: on_report_completed,
    VisitCancelled: on_visit_cancelled,
    WaveChanged: on_wave_changed,
}


def _report_reads(event: ReportCompleted) -> Iterator[tuple[str, str]]:
    yield from ((SCORES, event.visit_id), (CALLED_OFF, event.visit_id))
    yield WAVE_VERSIONS, event.wave_id
    if grave(event.findings):
        yield WAVES, event.wave_id


READS: Reads = {
    ReportCompleted: _report_reads,
    VisitCancelled: lambda event: [(SCORES, event.visit_id)],
}
