"""A visit as it is offered: its terms are fixed here and stay, whatever becomes of the wave."""

from collections.abc import Sequence
from datetime import datetime

from incognita_assignment.matching import Assigned
from incognita_assignment.repository.branches import Branch
from incognita_assignment.repository.visits import Fallen
from incognita_assignment.rules import VisitState, offer_ends
from incognita_assignment.stages import has_windows, windows
from incognita_assignment.visit import BranchCopy, By, Step, Visit
from incognita_assignment.wave import Wave
from incognita_shared.events.assignment import VisitOffered
from incognita_shared.ids import derived_id
from incognita_shared.questionnaire.model import Stage


def visit_id_of(wave_id: str, branch_id: str, number: int) -> str:
    """The visit's id, which is also its trace id."""
    return derived_id(wave_id, branch_id, str(number))


def new_visit(
    wave: Wave,
    branch: Branch,
    assigned: Assigned,
    *,
    predecessor: Fallen | None,
    stages: Sequence[Stage] = (),
    at: datetime,
) -> Visit:
    """The visit that one assignment makes, offered at ``at``.

    Where stages have days of their own, these are counted from the offer if the wave began earlier.
    """
    order = wave.order
    opens_at = max(order.starts_at, at) if has_windows(stages) else order.starts_at
    expires_at = offer_ends(at, order.offer_hours, order.ends_at)
    return Visit(
        visit_id=visit_id_of(wave.wave_id, branch.branch_id, assigned.number),
        chain_id=wave.chain_id,
        wave_id=wave.wave_id,
        programme_id=wave.programme_id,
        branch_id=branch.branch_id,
        franchisee_id=branch.franchisee_id,
        shopper_id=assigned.shopper_id,
        number=assigned.number,
        questionnaire_id=order.questionnaire_id,
        questionnaire_version=order.questionnaire_version,
        channel=order.channel,
        scenario=order.scenario,
        terms=order.terms.agreed(
            opens_at=opens_at,
            expires_at=expires_at,
            due_at=order.ends_at,
            stages=windows(
                stages, opens_at=opens_at, due_at=order.ends_at, time_zone=branch.time_zone
            ),
        ),
        branch=_copy_of(branch),
        return_days=order.return_days,
        late_hours=order.late_hours,
        via=assigned.via.value,
        distance_m=assigned.distance_m,
        state=VisitState.OFFERED,
        version=1,
        seq=1,
        offered_at=at,
        due_at=order.ends_at,
        rotation_at=order.ends_at,
        deadline_at=expires_at,
        predecessor_id=predecessor.visit_id if predecessor else None,
        history=(Step(move="offer", state=VisitState.OFFERED, at=at, by=By.PLANNER),),
    )


def offered_event(visit: Visit) -> VisitOffered:
    """The first event of a visit."""
    return VisitOffered(
        chain_id=visit.chain_id,
        visit_id=visit.visit_id,
        branch_id=visit.branch_id,
        wave_id=visit.wave_id,
        seq=1,
        programme_id=visit.programme_id,
        shopper_id=visit.shopper_id,
        questionnaire_id=visit.questionnaire_id,
        questionnaire_version=visit.questionnaire_version,
        channel=visit.channel,
        scenario=visit.scenario,
        terms=visit.terms,
        time_zone=visit.branch.time_zone,
        position=visit.branch.position,
        geofence_m=visit.branch.geofence_m,
        branch=visit.branch.asked(),
        place=visit.branch.place(),
        offered_at=visit.offered_at,
    )


def _copy_of(branch: Branch) -> BranchCopy:
    return BranchCopy(
        name=branch.name,
        address=branch.address,
        city=branch.city,
        region=branch.region,
        country=branch.country,
        postal_code=branch.postal_code,
        time_zone=branch.time_zone,
        position=branch.position,
        geofence_m=branch.geofence_m,
        opening_hours=branch.opening_hours,
        ownership=branch.ownership,
        attributes=branch.attributes,
    )
