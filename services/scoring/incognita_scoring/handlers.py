"""What this service does when it hears of something."""

from collections.abc import Mapping

from incognita_scoring.repository import projections
from incognita_scoring.repository.questionnaires import find_for_event, save_questionnaire
from incognita_scoring.scoring import score_report
from incognita_shared.auth import on_api_key_changed
from incognita_shared.clock import now
from incognita_shared.events.assignment import ApiKeyChanged, BranchChanged, QuestionnairePublished
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.kafka.incoming import Handler, NotReady, Received
from incognita_shared.mongo.work import Work


async def on_branch_changed(received: Received[BranchChanged], work: Work) -> None:
    """Know whose branch it is."""
    projections.save_branch(work, received.event)


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
    if before is None:
        outcome = score_report(report, questionnaire, None, now())
        projections.insert_outcome(work, outcome)
    elif before.report_revision < report.report_revision:
        outcome = score_report(report, questionnaire, before, now())
        projections.replace_outcome(work, outcome)


HANDLERS: Mapping[type[Event], Handler] = {
    ApiKeyChanged: on_api_key_changed,
    BranchChanged: on_branch_changed,
    QuestionnairePublished: on_questionnaire_published,
    ReportCompleted: on_report_completed,
}
