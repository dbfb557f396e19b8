"""Facts from evidence and scoring: late, early, twice."""

from datetime import timedelta

import pytest

from incognita_assignment.payout import Payout
from incognita_assignment.rules import VisitState
from incognita_assignment.visit import By, Visit
from incognita_shared.clock import now
from incognita_shared.events.assignment import PayoutDue, VisitCancelled, VisitReturned
from incognita_shared.kafka.incoming import NotReady

from . import facts
from .world import World


@pytest.fixture
async def accepted(world: World) -> Visit:
    """A visit that its shopper has accepted."""
    await world.branches(1)
    await world.shoppers(1)
    await world.open_wave(
        terms={
            "fee": {"amount": "12.00", "currency": "USD"},
            "purchase_budget": {"amount": "8.50", "currency": "USD"},
            "paid_days_after_approval": 10,
        }
    )
    (visit,) = await world.visits()
    return await world.set_visit(visit, state="accepted", accepted_at=now(), seq=2)


async def test_a_completed_report_makes_the_visit_reported(world: World, accepted: Visit) -> None:
    await world.play(facts.completed(accepted))
    visit = await world.visit(accepted.visit_id)
    assert (visit.state, visit.report_revision) == (VisitState.REPORTED, 1)
    assert visit.deadline_at is None
    assert visit.rotation_at == visit.reported_at
    assert [step.move for step in visit.history] == ["offer", "report"]


async def test_an_approved_report_makes_one_payout_and_says_so_once(
    world: World, accepted: Visit
) -> None:
    approval = facts.approved(accepted)
    await world.play(facts.completed(accepted), approval)
    visit = await world.visit(accepted.visit_id)
    (stored,) = await world.db["payouts"].find().to_list()
    payout = Payout.of_document(stored)
    assert (visit.state, visit.payout_id) == (VisitState.APPROVED, payout.payout_id)
    assert visit.history[-1].by is By.RULE
    assert (str(payout.fee.amount), str(payout.reimbursement.amount)) == ("12.00", "8.50")
    assert payout.due_on == approval.approved_at + timedelta(days=10)
    _, due = await world.events(accepted.visit_id)
    assert isinstance(due, PayoutDue)
    assert (due.seq, due.payout_id, due.shopper_id) == (3, payout.payout_id, accepted.shopper_id)


async def test_a_returned_report_gets_the_days_that_were_agreed(
    world: World, accepted: Visit
) -> None:
    word = facts.returned(accepted)
    await world.play(facts.completed(accepted), word)
    visit = await world.visit(accepted.visit_id)
    assert visit.state is VisitState.RETURNED
    assert visit.due_at == word.returned_at + timedelta(days=3)
    assert visit.deadline_at == visit.due_at + timedelta(hours=24)
    *_, event = await world.events(accepted.visit_id)
    assert isinstance(event, VisitReturned)
    assert (event.seq, event.due_at, event.reason) == (3, visit.due_at, "No photo.")


async def test_the_whole_way_by_a_return_counts_each_fact_once(
    world: World, accepted: Visit
) -> None:
    await world.play(
        facts.completed(accepted),
        facts.returned(accepted),
        facts.completed(accepted, 2),
        facts.approved(accepted, 2, by="reviewer"),
    )
    visit = await world.visit(accepted.visit_id)
    assert [step.move for step in visit.history] == [
        "offer", "report", "return", "report", "approve",
    ]  # fmt: skip
    assert visit.history[-1].by is By.REVIEWER
    assert [event.verb for event in await world.events(visit.visit_id)] == [
        "offered", "returned", "due",
    ]  # fmt: skip
    assert visit.seq == 4


async def test_a_rejected_report_ends_the_visit_without_a_payout(
    world: World, accepted: Visit
) -> None:
    await world.play(facts.completed(accepted), facts.rejected(accepted))
    visit = await world.visit(accepted.visit_id)
    assert (visit.state, visit.history[-1].reason) == (VisitState.REJECTED, "Invented.")
    assert await world.db["payouts"].count_documents({}) == 0


@pytest.mark.parametrize("word", ["approved", "returned", "rejected"])
async def test_a_word_on_a_report_that_is_not_here_yet_waits(
    world: World, accepted: Visit, word: str
) -> None:
    say = getattr(facts, word)
    with pytest.raises(NotReady, match="revision 1"):
        await world.play(say(accepted))
    await world.play(facts.completed(accepted), facts.returned(accepted))
    with pytest.raises(NotReady, match="revision 2"):
        await world.play(say(accepted, 2))
    assert (await world.visit(accepted.visit_id)).state is VisitState.RETURNED


async def test_a_fact_about_a_visit_that_is_not_here_waits(world: World, accepted: Visit) -> None:
    unknown = accepted.model_copy(update={"visit_id": "0" * 31 + "1"})
    with pytest.raises(NotReady, match=unknown.visit_id):
        await world.play(facts.completed(unknown))


async def test_another_chains_fact_with_our_visits_id_does_not_touch_it(
    world: World, accepted: Visit
) -> None:
    foreign = accepted.model_copy(update={"chain_id": "another"})
    with pytest.raises(NotReady):
        await world.play(facts.completed(foreign))
    assert await world.visit(accepted.visit_id) == accepted


async def test_a_report_does_not_bring_a_cancelled_visit_back(
    world: World, accepted: Visit
) -> None:
    await world.set_visit(accepted, state="cancelled", deadline_at=None)
    await world.play(facts.completed(accepted), facts.approved(accepted))
    visit = await world.visit(accepted.visit_id)
    assert visit.state is VisitState.CANCELLED
    assert [step.reason for step in visit.history if step.move == "note"] == [
        "report completed, revision 1: too late to count",
        "report approved, revision 1: too late to count",
    ]
    assert await world.db["payouts"].count_documents({}) == 0
    assert len(await world.events(visit.visit_id)) == 1


async def test_a_report_that_crossed_the_expiry_still_counts(world: World, accepted: Visit) -> None:
    await world.set_visit(accepted, state="expired", deadline_at=None, seq=3)
    with pytest.raises(NotReady):
        await world.play(facts.approved(accepted))
    await world.play(facts.completed(accepted), facts.approved(accepted))
    assert (await world.visit(accepted.visit_id)).state is VisitState.APPROVED
    assert await world.db["payouts"].count_documents({}) == 1


async def test_a_report_for_a_visit_offered_anew_cancels_it_so_that_no_score_of_it_counts(
    world: World, accepted: Visit
) -> None:
    await world.set_visit(accepted, state="expired", deadline_at=None, successor_id="next")
    await world.play(facts.completed(accepted), facts.approved(accepted))
    visit = await world.visit(accepted.visit_id)
    assert visit.state is VisitState.CANCELLED
    assert visit.history[-1].move == "replace"
    *_, said = await world.events(visit.visit_id)
    assert isinstance(said, VisitCancelled)
    assert "offered anew as next" in said.reason
    assert await world.db["payouts"].count_documents({}) == 0


async def test_an_older_word_that_comes_again_changes_nothing(
    world: World, accepted: Visit
) -> None:
    first_return = facts.returned(accepted)
    await world.play(facts.completed(accepted), first_return, facts.completed(accepted, 2))
    before = await world.visit(accepted.visit_id)
    await world.play(first_return, facts.completed(accepted), facts.approved(accepted))
    assert await world.visit(accepted.visit_id) == before
