"""What evidence keeps of assignment's data: visits and questionnaires, written by handlers only.

Each function may run twice with the same event: an offer is inserted once, and every later change
asks for a smaller ``last_seq``.
"""

from datetime import datetime
from typing import Any

from incognita_evidence.report import ReportState
from incognita_evidence.repository import QUESTIONNAIRES, REPORTS, VISITS
from incognita_evidence.visit import VisitState
from incognita_shared.events.assignment import QuestionnairePublished, VisitOffered, VisitReturned
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.mongo.work import Work


def insert_visit(work: Work, event: VisitOffered) -> None:
    """Keep a visit that was offered. Of its terms only evidence and due date matter here."""
    document = {
        "chain_id": event.chain_id,
        "branch_id": event.branch_id,
        "wave_id": event.wave_id,
        "programme_id": event.programme_id,
        "shopper_id": event.shopper_id,
        "questionnaire_id": event.questionnaire_id,
        "questionnaire_version": event.questionnaire_version,
        "channel": event.channel.value,
        "scenario": event.scenario,
        "evidence": [each.model_dump(mode="json") for each in event.terms.evidence],
        "due_at": event.terms.due_at,
        "time_zone": event.time_zone,
        "position": event.position.model_dump() if event.position else None,
        "geofence_m": event.geofence_m,
        "branch": event.branch,
        "place": event.place,
        "stages": [
            each.model_dump() | {"channel": each.channel.value} for each in event.terms.stages
        ],
        "state": VisitState.OFFERED.value,
        "last_seq": event.seq,
    }
    work.update(VISITS, {"_id": event.visit_id}, {"$setOnInsert": document}, upsert=True)


def move_visit(work: Work, event: VisitEvent, state: VisitState) -> None:
    """The visit is in ``state`` now, unless a later event has already been handled."""
    _set(work, event, {"state": state.value})


def close_visit(work: Work, event: VisitEvent, state: VisitState, at: datetime) -> None:
    """Nothing is taken any more. A report that is not complete never will be: it is given up.

    The retention of its items counts from then on, which is to be looked at now.
    """
    move_visit(work, event, state)
    work.update(
        REPORTS,
        {
            "_id": event.visit_id,
            "state": {"$in": [ReportState.OPEN.value, ReportState.INCOMPLETE.value]},
            "given_up_at": None,
        },
        {"$set": {"given_up_at": at, "next_removal_at": at}, "$inc": {"version": 1}},
    )


def return_visit(work: Work, event: VisitReturned, at: datetime) -> None:
    """The visit is open again until its new due date, and its report is one revision further.

    Answers and stored items stay, as the draft of the next revision.
    """
    change = {
        "state": VisitState.RETURNED.value,
        "due_at": event.due_at,
        "return_reason": event.reason,
        "marked_questions": list(event.question_ids),
    }
    _set(work, event, change)
    work.update(
        REPORTS,
        {
            "_id": event.visit_id,
            "state": ReportState.COMPLETED.value,
            "revision": event.report_revision,
        },
        {
            "$set": {
                "state": ReportState.OPEN.value,
                "noted": [],
                "updated_at": at,
                "given_up_at": None,
            },
            "$inc": {"revision": 1, "version": 1},
        },
    )


def _set(work: Work, event: VisitEvent, change: dict[str, Any]) -> None:
    work.update(
        VISITS,
        {"_id": event.visit_id, "last_seq": {"$lt": event.seq}},
        {"$set": {**change, "last_seq": event.seq}},
    )


def insert_questionnaire(work: Work, event: QuestionnairePublished) -> None:
    """Keep a questionnaire version; it never changes."""
    document = {
        "chain_id": event.chain_id,
        "definition": event.definition.model_dump(mode="json"),
    }
    work.update(QUESTIONNAIRES, {"_id": event.key}, {"$setOnInsert": document}, upsert=True)
