"""Offering: complete, once, resumable, within budget; calling off."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from incognita_assignment import planning
from incognita_assignment.offers import visit_id_of
from incognita_assignment.planner import Planner
from incognita_assignment.planning import LeaseLost, offer_visits
from incognita_assignment.repository import waves as wave_repository
from incognita_assignment.rules import VisitState, WaveMove, WaveState
from incognita_assignment.wave import Wave
from incognita_assignment.waves import get_wave, move_wave
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitCancelled, VisitOffered, WaveChanged
from incognita_shared.health import Health
from incognita_shared.ids import root_span_id
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import start_telemetry

from .world import World, until


async def test_opening_offers_every_branch_its_visits_on_the_terms_of_the_wave(
    world: World,
) -> None:
    await world.branches(3)
    await world.shoppers(4)
    wave = await world.open_wave(visits_per_branch=2, offer_hours=2, return_days=5)
    visits = await world.visits(wave)
    assert wave.state is WaveState.OPEN
    assert (wave.progress.planned, wave.progress.offered) == (6, 6)
    assert wave.progress.finished_at
    assert [visit.number for visit in visits] == [1, 2] * 3
    assert {visit.branch_id for visit in visits} == set(world.branch_ids)
    for visit in visits:
        assert visit.visit_id == visit_id_of(wave.wave_id, visit.branch_id, visit.number)
        assert visit.terms.fee == wave.order.terms.fee
        assert visit.terms.due_at == visit.due_at == wave.order.ends_at
        assert visit.deadline_at == visit.terms.expires_at == visit.offered_at + timedelta(hours=2)
        assert visit.return_days == 5
        assert visit.branch.address.endswith("Main St")
        assert visit.branch.opening_hours == {"mon": [["09:00", "17:00"]]}


async def test_an_offer_is_told_once_in_the_trace_that_the_visit_gives_its_name(
    world: World,
) -> None:
    await world.branches(1)
    await world.shoppers(1)
    with start_telemetry("assignment", TelemetrySettings()):
        await world.open_wave()
    (visit,) = await world.visits()
    (event,) = await world.events(visit.visit_id)
    assert isinstance(event, VisitOffered)
    assert (event.seq, event.shopper_id, event.terms) == (1, visit.shopper_id, visit.terms)
    where = visit.branch
    assert event.place == f"{where.name}, {where.address}, {where.city}"
    found = await world.db["visits"].find_one({"_id": visit.visit_id})
    assert found
    headers = {name: bytes(raw).decode() for name, raw in found["pending"][0]["headers"]}
    trace_id, span_id = headers["traceparent"].split("-")[1:3]
    assert (trace_id, span_id) == (visit.visit_id, root_span_id(visit.visit_id))


async def test_the_waves_own_events_tell_its_states_in_order(world: World) -> None:
    await world.branches(1)
    await world.shoppers(1)
    wave = await world.open_wave()
    found = await world.db["waves"].find_one({"_id": wave.wave_id})
    assert found
    told = [WaveChanged.model_validate_json(each["value"]) for each in found["pending"]]
    assert [(each.state, each.version) for each in told] == [
        ("draft", 1),
        ("opening", 2),
        ("open", 3),
    ]


async def test_a_wave_without_a_fitting_branch_says_so(world: World) -> None:
    await world.shoppers(1)
    wave = await world.open_wave()
    assert wave.progress.stopped == "No open branch passes the wave's filter"


async def test_closed_branches_and_inactive_shoppers_are_left_out(world: World) -> None:
    await world.branches(1, closed=True)
    (open_one,) = await world.branches(1)
    await world.shoppers(1, active=False)
    (active,) = await world.shoppers(1)
    await world.open_wave()
    (visit,) = await world.visits()
    assert (visit.branch_id, visit.shopper_id) == (open_one, active)


async def test_offers_stop_before_fees_and_purchases_exceed_the_budget(world: World) -> None:
    await world.branches(5)
    await world.shoppers(2)
    budget = {"amount": "61.49", "currency": "USD"}  # 20.50 a visit: two, and a cent short of three
    wave = await world.open_wave(budget=budget)
    assert (wave.progress.offered, wave.progress.unmatched) == (2, {"budget": 3})
    assert wave.progress.stopped == "The budget of 61.49 USD is spent; 3 visits were not offered"
    assert {each.reason for each in wave.progress.unmatched_visits} == {"budget"}


async def test_each_reason_why_a_visit_finds_nobody_is_counted(world: World) -> None:
    await world.branches(3)
    await world.shoppers(1, capacity=2)
    wave = await world.open_wave()
    assert (wave.progress.offered, wave.progress.unmatched) == (2, {"capacity": 1})
    skilled = await world.open_wave(required_skills=["Wine"])
    assert skilled.progress.unmatched == {"no_eligible_shopper": 3}


async def test_capacity_counts_what_a_shopper_holds_in_other_waves(world: World) -> None:
    await world.branches(2)
    await world.shoppers(1, capacity=3)
    first = await world.open_wave()
    second = await world.open_wave(rotation_days=0)
    assert (first.progress.offered, second.progress.offered) == (2, 1)
    assert second.progress.unmatched == {"capacity": 1}


async def test_the_rotation_counts_from_the_last_report_at_the_branch(world: World) -> None:
    await world.branches(1)
    await world.shoppers(1)
    await world.open_wave()
    (visit,) = await world.visits()
    ago = now() - timedelta(days=40)
    await world.set_visit(visit, state="approved", rotation_at=ago, deadline_at=None)
    barred = await world.open_wave(rotation_days=41)
    assert barred.progress.unmatched == {"rotation": 1}
    free = await world.open_wave(rotation_days=39)
    assert free.progress.offered == 1


async def test_a_killed_planner_is_followed_by_one_that_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 10)
    await world.branches(45)
    await world.shoppers(20)
    wave = await world.wave()
    await move_wave(world.db, world.chain_id, wave.wave_id, WaveMove.OPEN)
    chunks = 0

    def killed() -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 4:  # the first beat comes before the first chunk
            raise KeyboardInterrupt

    claimed = await wave_repository.claim_job(world.db, "first", lease=timedelta(0))
    assert claimed
    with pytest.raises(KeyboardInterrupt):
        await offer_visits(world.db, claimed, beat=killed)
    half = await world.visits(wave)
    assert len(half) == 30
    await world.db["waves"].update_one({}, {"$set": {"lease_until": now()}})
    await world.plan("second")
    done = await get_wave(world.db, world.chain_id, wave.wave_id)
    visits = await world.visits(wave)
    assert (done.state, done.progress.planned, done.progress.offered) == ("open", 45, 45)
    assert Counter(visit.branch_id for visit in visits) == Counter(world.branch_ids)
    kept = {visit.visit_id: visit for visit in visits}
    assert all(kept[visit.visit_id] == visit for visit in half)
    held = Counter(visit.shopper_id for visit in visits)
    assert max(held.values()) <= 5


async def test_a_planner_that_lost_its_lease_changes_nothing(world: World) -> None:
    await world.branches(3)
    await world.shoppers(3)
    wave = await world.wave()
    await move_wave(world.db, world.chain_id, wave.wave_id, WaveMove.OPEN)
    stale = await wave_repository.claim_job(world.db, "stale", lease=timedelta(0))
    fresh = await wave_repository.claim_job(world.db, "fresh", lease=timedelta(minutes=1))
    assert stale
    assert fresh
    with pytest.raises(LeaseLost):
        await offer_visits(world.db, stale, beat=lambda: None)
    assert await world.visits(wave) == []
    await offer_visits(world.db, fresh, beat=lambda: None)
    assert len(await world.visits(wave)) == 3


async def test_two_planners_offer_everything_exactly_once(world: World) -> None:
    await world.branches(30)
    await world.shoppers(10)
    waves = [await world.wave(rotation_days=0) for _ in range(3)]
    for wave in waves:
        await move_wave(world.db, world.chain_id, wave.wave_id, WaveMove.OPEN)
    await asyncio.gather(world.plan("one"), world.plan("two"))
    visits = await world.visits()
    held = Counter(visit.shopper_id for visit in visits)
    assert len({visit.visit_id for visit in visits}) == len(visits)
    assert len({(visit.wave_id, visit.branch_id, visit.number) for visit in visits}) == len(visits)
    assert sum(held.values()) >= 50  # ten shoppers with five each; two waves may plan at once


async def test_closing_takes_back_open_offers_and_keeps_what_is_agreed(world: World) -> None:
    await world.branches(3)
    await world.shoppers(3)
    wave = await world.open_wave()
    accepted, *others = await world.visits(wave)
    await world.set_visit(accepted, state="accepted")
    closed = await world.move(wave, WaveMove.CLOSE)
    states = {visit.visit_id: visit.state for visit in await world.visits(wave)}
    assert closed.state is WaveState.CLOSED
    assert states[accepted.visit_id] is VisitState.ACCEPTED
    for visit in others:
        assert states[visit.visit_id] is VisitState.CANCELLED
        *_, event = await world.events(visit.visit_id)
        assert isinstance(event, VisitCancelled)
        assert (event.seq, event.reason) == (2, "The wave was closed")


async def test_cancelling_calls_off_all_but_what_is_reported(world: World) -> None:
    await world.branches(4)
    await world.shoppers(4)
    wave = await world.open_wave()
    for visit, state in zip(
        await world.visits(wave), ("offered", "accepted", "returned", "reported"), strict=True
    ):
        await world.set_visit(visit, state=state)
    await world.move(wave, WaveMove.CANCEL, reason="The chain was sold.")
    visits = await world.visits(wave)
    assert [visit.state.value for visit in visits] == ["cancelled"] * 3 + ["reported"]
    assert visits[0].history[-1].reason == "The chain was sold."


async def has_visits(world: World) -> bool:
    return bool(await world.db["visits"].count_documents({}))


async def is_idle(world: World, wave: Wave) -> bool:
    return (await get_wave(world.db, world.chain_id, wave.wave_id)).job is None


async def test_a_wave_closed_while_it_opens_ends_with_no_open_offer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 5)
    await world.branches(40)
    await world.shoppers(40)
    wave = await world.wave()
    await move_wave(world.db, world.chain_id, wave.wave_id, WaveMove.OPEN)
    stop = asyncio.Event()
    running = asyncio.create_task(
        Planner(world.db, health=Health(), owner="planner", idle_s=0.01).run(stop)
    )
    await until(lambda: has_visits(world))
    await move_wave(world.db, world.chain_id, wave.wave_id, WaveMove.CLOSE)
    await until(lambda: is_idle(world, wave))
    stop.set()
    await running
    assert {visit.state for visit in await world.visits(wave)} == {VisitState.CANCELLED}


async def test_an_event_of_a_wave_called_off_lies_in_the_visits_trace(world: World) -> None:
    await world.branches(1)
    await world.shoppers(1)
    await world.move(await world.open_wave(), WaveMove.CANCEL, reason="no more")
    found = await world.db["visits"].find_one({})
    assert found
    headers = {name: bytes(raw).decode() for name, raw in found["pending"][-1]["headers"]}
    assert headers["ce_type"] == VisitCancelled.type_name()
    assert headers["traceparent"].split("-")[1] == found["_id"]
