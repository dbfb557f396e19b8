"""Which visits may be handed in for, and which only be read."""

from incognita_evidence.errors import AcceptanceNotHere, VisitClosed, VisitNotFound
from incognita_evidence.repository.reports import Reports
from incognita_evidence.visit import OPEN_STATES, Visit, VisitState


async def own_visit(reports: Reports, visit_id: str, shopper_id: str | None) -> Visit:
    """The shopper's visit, in whatever state. Raises VisitNotFound, also for another's."""
    visit = await reports.find_visit(visit_id, shopper_id) if shopper_id else None
    return if_known(visit_id, visit)


async def open_visit(reports: Reports, visit_id: str, shopper_id: str | None) -> Visit:
    """The shopper's visit, if something may be handed in for it. Raises VisitClosed if not."""
    return if_open(visit_id, await own_visit(reports, visit_id, shopper_id))


def if_open(visit_id: str, visit: Visit | None) -> Visit:
    """The visit that was looked up by that id, if something may be handed in for it."""
    visit = if_known(visit_id, visit)
    if visit.state not in OPEN_STATES:
        raise VisitClosed(visit_id, visit.state)
    return visit


def if_known(visit_id: str, visit: Visit | None) -> Visit:
    """The visit that was looked up by that id, if it is there and was accepted once."""
    if visit is None:
        raise VisitNotFound(visit_id)
    if visit.state is VisitState.OFFERED:
        raise AcceptanceNotHere(visit_id)
    return visit
