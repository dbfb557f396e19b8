"""All events, by producer. ``EVENT_TYPES`` finds a class by its CloudEvents type."""

from collections.abc import Mapping

from incognita_shared.events.assignment import ASSIGNMENT_EVENTS
from incognita_shared.events.comparison import COMPARISON_EVENTS
from incognita_shared.events.envelope import Envelope, Event, VisitEvent
from incognita_shared.events.evidence import EVIDENCE_EVENTS
from incognita_shared.events.notification import NOTIFICATION_EVENTS
from incognita_shared.events.scoring import SCORING_EVENTS

EVENT_TYPES: Mapping[str, type[Event]] = {
    event.type_name(): event
    for event in (
        *ASSIGNMENT_EVENTS,
        *EVIDENCE_EVENTS,
        *SCORING_EVENTS,
        *COMPARISON_EVENTS,
        *NOTIFICATION_EVENTS,
    )
}

__all__ = ["EVENT_TYPES", "Envelope", "Event", "VisitEvent"]
