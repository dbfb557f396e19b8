"""Payouts over HTTP."""

import asyncio

import pytest

from incognita_assignment.visit import Visit
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.events.assignment import PayoutPaid

from . import facts
from .world import World


@pytest.fixture
async def approved(world: World) -> Visit:
    """An approved visit."""
    await world.branches(1)
    await world.shoppers(2)
    await world.open_wave()
    (visit,) = await world.visits()
    visit = await world.set_visit(visit, state="accepted", accepted_at=now())
    await world.play(facts.completed(visit), facts.approved(visit))
    return await world.visit(visit.visit_id)


async def test_a_payout_is_marked_paid_once_by_its_reference(world: World, approved: Visit) -> None:
    agency = await world.client(Role.AGENCY)
    path = f"/v1/payouts/{approved.payout_id}:mark-paid"
    first = await agency.post(path, json={"reference": "SEPA-1"})
    again = await agency.post(path, json={"reference": "SEPA-1"})
    other = await agency.post(path, json={"reference": "SEPA-2"})
    assert (first.status_code, first.json()["state"]) == (200, "paid")
    assert (again.status_code, again.json()) == (200, first.json())
    assert other.status_code == 409
    assert "SEPA-1" in other.json()["detail"]
    *_, event = await world.events(approved.visit_id)
    assert isinstance(event, PayoutPaid)
    assert (event.seq, event.reference, event.payout_id) == (3, "SEPA-1", approved.payout_id)


async def test_twenty_marks_at_once_say_paid_once(world: World, approved: Visit) -> None:
    agency = await world.client(Role.AGENCY)
    path = f"/v1/payouts/{approved.payout_id}:mark-paid"
    answers = await asyncio.gather(
        *(agency.post(path, json={"reference": f"R{number % 2}"}) for number in range(20))
    )
    assert sorted({answer.status_code for answer in answers}) == [200, 409]
    events = await world.events(approved.visit_id)
    assert [event.verb for event in events] == ["offered", "due", "paid"]


async def test_shoppers_see_their_own_payouts(world: World, approved: Visit) -> None:
    own = await world.client(Role.SHOPPER, shopper_id=approved.shopper_id)
    other = await world.client(Role.SHOPPER, shopper_id="somebody-else")
    (item,) = (await own.get("/v1/payouts?state=due")).json()["items"]
    assert (item["payout_id"], item["fee"]["amount"]) == (approved.payout_id, "12.00")
    assert (await other.get("/v1/payouts")).json()["items"] == []
    mark = await own.post(f"/v1/payouts/{approved.payout_id}:mark-paid", json={"reference": "me"})
    assert mark.status_code == 403


async def test_nobody_else_sees_payouts(world: World, other_world: World, approved: Visit) -> None:
    for role in (Role.CHAIN_MANAGER, Role.REVIEWER):
        assert (await (await world.client(role)).get("/v1/payouts")).status_code == 403
    foreign = await other_world.client(Role.AGENCY)
    assert (await foreign.get("/v1/payouts")).json()["items"] == []
    mark = await foreign.post(
        f"/v1/payouts/{approved.payout_id}:mark-paid", json={"reference": "ours"}
    )
    assert mark.status_code == 404
