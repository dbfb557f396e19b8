"""Visits over HTTP: three views, one for each side. Only the agency's names the shopper."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from incognita_assignment.rules import VisitState, allowed_moves
from incognita_assignment.visit import Step, Visit
from incognita_shared.auth import Principal, Role
from incognita_shared.values import Attributes, Channel, Moment, Position, Terms, Text, Value


class Decline(Value):
    """Why the shopper turns the offer down."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "I am away that week."}]})

    reason: Text


class WhereToGo(BaseModel):
    """The branch as the shopper needs it; name and address as they were at the offer."""

    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    time_zone: str
    position: Position | None
    opening_hours: Any


class ClientVisit(BaseModel):
    """A visit as the chain and reviewers see it: no shopper, no money, no times of the shopper."""

    visit_id: str
    wave_id: str
    programme_id: str
    branch_id: str
    number: int
    channel: Channel
    scenario: str
    questionnaire_id: str
    questionnaire_version: int
    state: VisitState


class ShopperVisit(BaseModel):
    """An offer or a visit as its shopper sees it. ``reason``: of the last move, if it had one.

    ``marked_questions``: of a returned report, those to correct; empty: the whole report.
    """

    visit_id: str
    wave_id: str
    branch_id: str
    where: WhereToGo
    channel: Channel
    scenario: str
    questionnaire_id: str
    questionnaire_version: int
    state: VisitState
    allowed: Annotated[tuple[str, ...], Field(description="What the shopper may do now")]
    terms: Terms
    offered_at: Moment
    accepted_at: Moment | None
    due_at: Annotated[Moment, Field(description="Later than in the terms after a return")]
    report_revision: int
    reason: str | None
    marked_questions: tuple[str, ...]
    payout_id: str | None


class AgencyVisit(ClientVisit):
    """A visit with all that the agency knows; ``via`` and ``distance_m`` say why this shopper."""

    shopper_id: str
    where: WhereToGo
    attributes: Annotated[Attributes, Field(description="Of the branch, as they were at the offer")]
    terms: Terms
    allowed: tuple[str, ...]
    via: str
    distance_m: float | None
    offered_at: Moment
    accepted_at: Moment | None
    reported_at: Moment | None
    due_at: Moment
    report_revision: int
    payout_id: str | None
    predecessor_id: str | None
    successor_id: str | None
    history: tuple[Step, ...]


VisitView = AgencyVisit | ShopperVisit | ClientVisit

_BY_SHOPPER = ("accept", "decline")


def view_for(caller: Principal, visit: Visit) -> VisitView:
    """What this caller may see of a visit."""
    facts = visit.model_dump()
    if caller.role is Role.AGENCY:
        allowed = tuple(each for each in allowed_moves(visit.state) if each not in _BY_SHOPPER)
        branch = {"where": facts["branch"], "attributes": facts["branch"]["attributes"]}
        return AgencyVisit.model_validate({**facts, **branch, "allowed": allowed})
    if caller.role is Role.SHOPPER:
        allowed = tuple(each for each in allowed_moves(visit.state) if each in _BY_SHOPPER)
        returned = visit.state is VisitState.RETURNED
        told = {
            "where": facts["branch"],
            "allowed": allowed,
            "reason": _reason_for_shopper(visit),
            "marked_questions": visit.marked_questions if returned else (),
        }
        return ShopperVisit.model_validate({**facts, **told})
    return ClientVisit.model_validate(facts)


def _reason_for_shopper(visit: Visit) -> str | None:
    """Why an approval was taken back is between the agency and its reviewers."""
    last = visit.history[-1] if visit.history else None
    return None if last is None or last.move.startswith("unapprove") else last.reason
