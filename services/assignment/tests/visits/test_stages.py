"""Waves with stages and scenarios, and what their visits carry of branch and stages."""

from datetime import timedelta
from typing import Any

import pytest

from incognita_assignment.rules import WaveMove
from incognita_assignment.visit import Visit
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitOffered
from incognita_shared.problems import Conflict

from .hostel import hostel
from .world import World

ATTRIBUTES = {"reception": True, "seats": 12, "wifi": "fast"}


def staged(**fields: Any) -> dict[str, Any]:
    """A wave long enough for the stages."""
    return {
        "questionnaire_version": 2,
        "scenario": "booked guest",
        "ends_at": (now() + timedelta(days=20)).isoformat(),
        **fields,
    }


@pytest.fixture
async def visit(world: World) -> Visit:
    """An offered visit in three stages."""
    await world.publish(2, hostel())
    await world.branches(1, attributes=ATTRIBUTES, ownership="franchise", country="US")
    await world.shoppers(1)
    await world.open_wave(**staged())
    (visit,) = await world.visits()
    return visit


async def test_an_offer_tells_the_branchs_attributes_as_they_are_then(
    world: World, visit: Visit
) -> None:
    agency = await world.client(Role.AGENCY)
    (event,) = await world.events(visit.visit_id)
    assert isinstance(event, VisitOffered)
    assert event.branch == {
        **ATTRIBUTES, "city": "Westland", "region": "MI", "country": "US", "ownership": "franchise",
    }  # fmt: skip
    changed = await agency.patch(
        f"/v1/branches/{visit.branch_id}", json={"attributes": {"seats": 0}, "city": "Flint"}
    )
    assert changed.status_code == 200
    shown = (await agency.get(f"/v1/visits/{visit.visit_id}")).json()
    assert (shown["attributes"], shown["where"]["city"]) == (ATTRIBUTES, "Westland")


async def test_an_offers_terms_have_a_window_for_each_stage_counted_from_the_offer(
    world: World, visit: Visit
) -> None:
    book, stay, after = visit.terms.stages
    assert [each.stage_id for each in visit.terms.stages] == ["book", "stay", "after"]
    assert [each.channel for each in visit.terms.stages] == ["web", "visit", "email"]
    assert visit.terms.opens_at == visit.offered_at
    assert book.opens_at == after.opens_at == visit.offered_at
    assert timedelta(days=2) < book.due_at - visit.offered_at <= timedelta(days=3, hours=1)
    assert timedelta(days=2) < stay.opens_at - visit.offered_at <= timedelta(days=3, hours=1)
    assert after.due_at == visit.terms.due_at == visit.due_at
    (event,) = await world.events(visit.visit_id)
    assert isinstance(event, VisitOffered)
    assert event.terms.stages == visit.terms.stages
    shopper = await world.client(Role.SHOPPER, shopper_id=visit.shopper_id)
    shown = (await shopper.get(f"/v1/visits/{visit.visit_id}")).json()
    assert [each["stage_id"] for each in shown["terms"]["stages"]] == ["book", "stay", "after"]


async def test_a_visit_in_stages_is_accepted_until_the_last_due_date(
    world: World, visit: Visit
) -> None:
    shopper = await world.client(Role.SHOPPER, shopper_id=visit.shopper_id)
    assert (await shopper.post(f"/v1/visits/{visit.visit_id}:accept")).status_code == 200
    accepted = await world.visit(visit.visit_id)
    assert accepted.deadline_at == visit.due_at + timedelta(hours=visit.late_hours)


async def test_a_shopper_learns_of_the_branch_only_what_the_form_asks_for(
    world: World, visit: Visit
) -> None:
    shopper = await world.client(Role.SHOPPER, shopper_id=visit.shopper_id)
    shown = (await shopper.get(f"/v1/visits/{visit.visit_id}/questionnaire")).json()
    assert shown["context"] == {
        "branch": {"reception": True, "seats": 12, "city": "Westland"},
        "visit": {"scenario": "booked guest", "channel": "visit"},
    }
    own = (await shopper.get(f"/v1/visits/{visit.visit_id}")).json()
    assert "wifi" not in str(own)
    assert "franchise" not in str(own)


@pytest.mark.parametrize(
    ("changed", "field", "cause"),
    [
        ({"scenario": "hungry guest"}, "scenario", "'booked guest', 'walk-in guest'"),
        ({"ends_at": (now() + timedelta(days=4)).isoformat()}, "ends_at", "stage stay needs 5"),
    ],
)
async def test_a_wave_that_its_questionnaire_does_not_fit_is_refused(
    world: World, changed: dict[str, Any], field: str, cause: str
) -> None:
    await world.publish(2, hostel())
    agency = await world.client(Role.AGENCY)
    answer = await agency.post("/v1/waves", json=world.wave_body(**staged(**changed)))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert cause in error["cause"]
    fits = await agency.post("/v1/waves", json=world.wave_body(**staged()))
    assert fits.status_code == 201


async def test_a_wave_with_too_little_time_left_for_the_stages_offers_nothing_more(
    world: World,
) -> None:
    await world.publish(2, hostel())
    begun = staged(
        starts_at=(now() - timedelta(days=10)).isoformat(),
        ends_at=(now() + timedelta(days=3)).isoformat(),
    )
    wave = await world.wave(**begun)
    with pytest.raises(Conflict, match=r"ends too soon.*stage stay"):
        await world.move(wave, WaveMove.OPEN)


async def test_a_wave_goes_on_with_a_version_that_was_retired_since(world: World) -> None:
    await world.publish(2, hostel())
    await world.branches(1)
    await world.shoppers(1)
    wave = await world.wave(**staged())
    agency = await world.client(Role.AGENCY)
    path = f"/v1/questionnaires/{world.questionnaire_id}/versions/2"
    for _ in range(2):
        retired = await agency.post(f"{path}:retire")
        assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    refused = await agency.post("/v1/waves", json=world.wave_body(**staged()))
    assert refused.json()["errors"][0]["field"] == "questionnaire_version"
    await world.move(wave, WaveMove.OPEN)
    (visit,) = await world.visits()
    assert len(visit.terms.stages) == 3
    shopper = await world.client(Role.SHOPPER, shopper_id=visit.shopper_id)
    form = await shopper.get(f"/v1/visits/{visit.visit_id}/questionnaire")
    assert (form.status_code, form.json()["version"]) == (200, 2)
