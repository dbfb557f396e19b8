"""What this service does when it hears of something."""

from collections.abc import Mapping

from incognita_evidence.repository import projections
from incognita_evidence.visit import VisitState
from incognita_shared.auth import on_api_key_changed
from incognita_shared.clock import now
from incognita_shared.events.assignment import (
    ApiKeyChanged,
    QuestionnairePublished,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitExpired,
    VisitOffered,
    VisitReturned,
)
from incognita_shared.events.envelope import Event
from incognita_shared.kafka.incoming import Handler, Received
from incognita_shared.mongo.work import Work


async def on_questionnaire_published(
    received: Received[QuestionnairePublished], work: Work
) -> None:
    """Reports are checked against it from now on."""
    projections.insert_questionnaire(work, received.event)


async def on_visit_offered(received: Received[VisitOffered], work: Work) -> None:
    """Know the visit, whom it was offered to and on which terms."""
    projections.insert_visit(work, received.event)


async def on_visit_accepted(received: Received[VisitAccepted], work: Work) -> None:
    """From now on the shopper may hand in."""
    projections.move_visit(work, received.event, VisitState.ACCEPTED)


async def on_visit_declined(received: Received[VisitDeclined], work: Work) -> None:
    """Nothing will come."""
    projections.move_visit(work, received.event, VisitState.DECLINED)


async def on_visit_expired(received: Received[VisitExpired], work: Work) -> None:
    """Nothing is taken any more."""
    projections.close_visit(work, received.event, VisitState.EXPIRED, now())


async def on_visit_cancelled(received: Received[VisitCancelled], work: Work) -> None:
    """Nothing is taken any more."""
    projections.close_visit(work, received.event, VisitState.CANCELLED, now())


async def on_visit_returned(received: Received[VisitReturned], work: Work) -> None:
    """Open the report again, as the next revision."""
    projections.return_visit(work, received.event, now())


HANDLERS: Mapping[type[Event], Handler] = {
    ApiKeyChanged: on_api_key_changed,
    QuestionnairePublished: on_questionnaire_published,
    VisitOffered: on_visit_offered,
    VisitAccepted: on_visit_accepted,
    VisitDeclined: on_visit_declined,
    VisitExpired: on_visit_expired,
    VisitCancelled: on_visit_cancelled,
    VisitReturned: on_visit_returned,
}
