"""An approval taken back: what becomes of visit and payout, and that nobody is paid twice."""

import asyncio
from typing import Any

import pytest

from incognita_assignment.payout import Payout, PayoutState
from incognita_assignment.rules import VisitState
from incognita_assignment.visit import Visit
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.events.assignment import PayoutDue, PayoutWithdrawn, VisitReturned

from . import facts
from .world import World


@pytest.fixture
async def approved(world: World) -> Visit:
    """An approved visit whose payout is due; scoring has said it with seq 2."""
    await world.branches(1)
    await world.shoppers(2)
    await world.open_wave()
    (visit,) = await world.visits()
    visit = await world.set_visit(visit, state="accepted", accepted_at=now())
    await world.play(facts.completed(visit), facts.approved(visit, seq=2))
    return await world.visit(visit.visit_id)


async def payout(world: World) -> Payout:
    (stored,) = await world.db["payouts"].find().to_list()
    return Payout.of_document(stored)


async def pay(world: World, visit: Visit, reference: str = "SEPA-1") -> Any:
    agency = await world.client(Role.AGENCY)
    path = f"/v1/payouts/{visit.payout_id}:mark-paid"
    return await agency.post(path, json={"reference": reference})


async def verbs(world: World, visit: Visit) -> list[str]:
    events = await world.events(visit.visit_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))  # type: ignore[attr-defined]
    return [event.verb for event in events]


async def moves(world: World, visit: Visit) -> list[str]:
    return [step.move for step in (await world.visit(visit.visit_id)).history]


async def test_a_payout_that_is_not_paid_yet_is_withdrawn(world: World, approved: Visit) -> None:
    word = facts.unapproved(approved, seq=3)
    await world.play(word)
    visit, after = await world.visit(approved.visit_id), await payout(world)
    assert (visit.state, visit.report_revision) == (VisitState.REPORTED, 1)
    assert (after.state, after.unapproved_at) == (PayoutState.WITHDRAWN, word.unapproved_at)
    assert await verbs(world, approved) == ["offered", "due", "withdrawn"]
    *_, event = await world.events(approved.visit_id)
    assert isinstance(event, PayoutWithdrawn)
    assert (event.payout_id, event.withdrawn_at) == (after.payout_id, word.unapproved_at)
    refused = await pay(world, approved)
    assert (refused.status_code, refused.json()["state"]) == (409, "withdrawn")
    assert await verbs(world, approved) == ["offered", "due", "withdrawn"]


async def test_approved_after_all_it_is_due_again_once(world: World, approved: Visit) -> None:
    word = facts.approved(approved, by="reviewer", seq=4)
    await world.play(facts.unapproved(approved, seq=3), word)
    visit, after = await world.visit(approved.visit_id), await payout(world)
    assert (visit.state, visit.payout_id) == (VisitState.APPROVED, after.payout_id)
    assert (after.state, after.approved_at) == (PayoutState.DUE, word.approved_at)
    assert after.unapproved_at is None
    assert await verbs(world, approved) == ["offered", "due", "withdrawn", "due"]
    events = await world.events(approved.visit_id)
    assert {event.payout_id for event in events if isinstance(event, PayoutDue)} == {
        after.payout_id
    }
    assert (await pay(world, approved)).status_code == 200
    assert await verbs(world, approved) == ["offered", "due", "withdrawn", "due", "paid"]


async def test_what_was_paid_stays_paid_is_marked_and_never_paid_again(
    world: World, approved: Visit
) -> None:
    assert (await pay(world, approved)).status_code == 200
    word = facts.unapproved(approved, seq=3)
    await world.play(word)
    after = await payout(world)
    assert (after.state, after.reference) == (PayoutState.PAID, "SEPA-1")
    assert after.unapproved_at == word.unapproved_at
    agency = await world.client(Role.AGENCY)
    (item,) = (await agency.get("/v1/payouts?state=paid&unapproved=true")).json()["items"]
    assert item["unapproved_at"]
    await world.play(facts.approved(approved, seq=4))
    again = await payout(world)
    assert (again.state, again.unapproved_at) == (PayoutState.PAID, None)
    assert again.paid_at == after.paid_at
    assert (await agency.get("/v1/payouts?unapproved=true")).json()["items"] == []
    assert await verbs(world, approved) == ["offered", "due", "paid"]
    assert await moves(world, approved) == [
        "offer", "report", "approve", "pay", "unapprove_paid", "approve_paid",
    ]  # fmt: skip


@pytest.mark.parametrize("by", ["rescore", "appeal"])
async def test_an_approval_said_again_for_a_new_score_changes_nothing(
    world: World, approved: Visit, by: str
) -> None:
    before = await payout(world)
    await world.play(facts.approved(approved, by=by, seq=5))
    assert await world.visit(approved.visit_id) == approved
    assert await payout(world) == before


async def test_an_approval_published_again_after_it_was_taken_back_changes_nothing(
    world: World, approved: Visit
) -> None:
    revised = facts.approved(approved, by="rescore", seq=3)
    taken_back = facts.unapproved(approved, seq=4)
    await world.play(revised, taken_back)
    waiting = await world.visit(approved.visit_id)
    await world.play(facts.approved(approved, seq=2), revised, taken_back)
    assert await world.visit(approved.visit_id) == waiting
    await world.play(facts.approved(approved, seq=5), taken_back)
    assert (await world.visit(approved.visit_id)).state is VisitState.APPROVED
    assert (await payout(world)).state is PayoutState.DUE


async def test_a_report_whose_approval_was_taken_back_may_be_returned_or_rejected(
    world: World, approved: Visit
) -> None:
    marked = facts.returned(approved, seq=4, question_ids=("rings",))
    await world.play(facts.unapproved(approved, seq=3), marked)
    returned = await world.visit(approved.visit_id)
    assert (returned.state, returned.marked_questions) == (VisitState.RETURNED, ("rings",))
    *_, event = await world.events(approved.visit_id)
    assert isinstance(event, VisitReturned)
    assert event.question_ids == ("rings",)
    shopper = await world.client(Role.SHOPPER, shopper_id=approved.shopper_id)
    path = f"/v1/visits/{approved.visit_id}"
    assert (await shopper.get(path)).json()["marked_questions"] == ["rings"]
    await world.play(facts.completed(approved, 2))
    assert (await shopper.get(path)).json()["marked_questions"] == []
    await world.play(facts.rejected(approved, 2, seq=6))
    assert (await world.visit(approved.visit_id)).state is VisitState.REJECTED
    assert (await payout(world)).state is PayoutState.WITHDRAWN


async def test_why_an_approval_was_taken_back_is_not_told_to_shopper_or_branch(
    world: World, approved: Visit
) -> None:
    manager = await world.client(Role.BRANCH_MANAGER, branch_ids=[approved.branch_id])
    shopper = await world.client(Role.SHOPPER, shopper_id=approved.shopper_id)
    path = f"/v1/visits/{approved.visit_id}"
    assert (await manager.get(path)).status_code == 200
    await world.play(facts.unapproved(approved, seq=3))
    assert (await manager.get(path)).status_code == 404
    seen = await shopper.get(path)
    assert (seen.json()["state"], seen.json()["reason"]) == ("reported", None)
    assert "reused" not in seen.text
    agency = await world.client(Role.AGENCY)
    assert "reused" in (await agency.get(path)).text


async def test_an_approval_that_never_counted_is_not_taken_back(
    world: World, approved: Visit
) -> None:
    await world.set_visit(approved, state="cancelled", payout_id=None, judged_seq=0)
    before = await world.visit(approved.visit_id)
    await world.play(facts.unapproved(approved, seq=3))
    assert await world.visit(approved.visit_id) == before


async def test_paying_while_the_approval_is_taken_back_ends_in_one_of_both(
    world: World, approved: Visit
) -> None:
    taken_back = facts.unapproved(approved, seq=3)
    answer, _ = await asyncio.gather(pay(world, approved), world.play(taken_back, times=1))
    after = await payout(world)
    told = await verbs(world, approved)
    if answer.status_code == 200:
        assert after.state is PayoutState.PAID
        assert told == ["offered", "due", "paid"]
    else:
        assert answer.status_code == 409
        assert after.state is PayoutState.WITHDRAWN
        assert told == ["offered", "due", "withdrawn"]
    assert after.unapproved_at


async def test_one_batch_may_hold_the_whole_back_and_forth(world: World, approved: Visit) -> None:
    await world.set_visit(approved, pending=[], has_pending=False)
    said = await world.play_at_once(
        facts.unapproved(approved, seq=3),
        facts.approved(approved, seq=4),
        facts.unapproved(approved, seq=5),
        facts.approved(approved, by="reviewer", seq=6),
        facts.approved(approved, seq=4),
    )
    visit, after = await world.visit(approved.visit_id), await payout(world)
    queued = [event.type_name() for event in await world.events(visit.visit_id)]
    told = [name.split(".")[2] for name in [*said, *queued]]
    assert told == ["withdrawn", "due", "withdrawn", "due"]
    assert (visit.state, visit.seq) == (VisitState.APPROVED, approved.seq + 4)
    assert (after.state, after.unapproved_at) == (PayoutState.DUE, None)
