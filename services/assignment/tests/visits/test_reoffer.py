"""Visits that fell through are offered to somebody else, each once."""

import pytest

from incognita_assignment import planning
from incognita_assignment.rules import VisitState, WaveMove
from incognita_assignment.visit import Visit
from incognita_assignment.wave import Wave
from incognita_assignment.waves import get_wave

from . import facts
from .world import World


async def fallen(world: World, shoppers: int, **fields: object) -> tuple[Wave, Visit]:
    """A wave of one branch whose only offer was declined."""
    await world.branches(1)
    await world.shoppers(shoppers)
    wave = await world.open_wave(**fields)
    (visit,) = await world.visits(wave)
    return wave, await world.set_visit(visit, state="declined", deadline_at=None)


async def test_a_declined_visit_gets_a_successor_with_the_next_nearest_shopper(
    world: World,
) -> None:
    wave, declined = await fallen(world, 3)
    again = await world.move(wave, WaveMove.REOFFER)
    old, new = await world.visits(wave)
    assert (old.successor_id, new.predecessor_id) == (new.visit_id, declined.visit_id)
    assert (old.shopper_id, new.shopper_id) == (world.shopper_ids[0], world.shopper_ids[1])
    assert (old.state, new.state, new.number) == (VisitState.DECLINED, VisitState.OFFERED, 2)
    assert again.reoffer
    assert (again.reoffer.planned, again.reoffer.offered) == (1, 1)
    assert again.progress.offered == 1


async def test_numbers_continue_by_the_quota_so_that_no_two_visits_share_one(
    world: World,
) -> None:
    await world.branches(1)
    await world.shoppers(6)
    wave = await world.open_wave(visits_per_branch=2)
    for _ in range(2):
        for visit in await world.visits(wave):
            if visit.state is VisitState.OFFERED:
                await world.set_visit(visit, state="expired", deadline_at=None)
        wave = await world.move(wave, WaveMove.REOFFER)
    visits = await world.visits(wave)
    assert [visit.number for visit in visits] == [1, 2, 3, 4, 5, 6]
    assert len({visit.shopper_id for visit in visits}) == 6
    assert [visit.successor_id for visit in visits[:4]] == [visit.visit_id for visit in visits[2:]]


async def test_nobody_is_asked_twice_for_the_same_branch(world: World) -> None:
    wave, declined = await fallen(world, 1)
    again = await world.move(wave, WaveMove.REOFFER)
    assert again.reoffer
    assert (again.reoffer.offered, again.reoffer.unmatched) == (0, {"rotation": 1})
    assert await world.visits(wave) == [declined]


async def test_a_second_reoffer_offers_nothing_more(world: World) -> None:
    wave, _ = await fallen(world, 3)
    await world.move(wave, WaveMove.REOFFER)
    again = await world.move(wave, WaveMove.REOFFER)
    assert again.reoffer
    assert (again.reoffer.planned, again.reoffer.offered) == (0, 0)
    assert len(await world.visits(wave)) == 2


async def test_a_visit_at_a_branch_closed_since_is_not_offered_anew(world: World) -> None:
    wave, _ = await fallen(world, 3)
    await world.db["branches"].update_one({}, {"$set": {"closed": True}})
    again = await world.move(wave, WaveMove.REOFFER)
    assert again.reoffer
    assert again.reoffer.unmatched == {"branch_closed": 1}


async def test_what_fell_through_frees_its_share_of_the_budget(world: World) -> None:
    wave, _ = await fallen(world, 3, budget={"amount": "20.50", "currency": "USD"})
    again = await world.move(wave, WaveMove.REOFFER)
    assert again.reoffer
    assert again.reoffer.offered == 1


async def test_a_report_that_arrives_during_the_planning_keeps_its_visit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.branches(2)
    await world.shoppers(4)
    wave = await world.open_wave()
    expired = [
        await world.set_visit(
            visit, state="expired", deadline_at=None, accepted_at=visit.offered_at
        )
        for visit in await world.visits(wave)
    ]
    matching, late = planning._match, expired[0]

    async def report_meanwhile(*arguments: object) -> object:
        found = await matching(*arguments)  # type: ignore[arg-type]
        await world.play(facts.completed(late), times=1)
        return found

    monkeypatch.setattr(planning, "_match", report_meanwhile)
    await world.move(wave, WaveMove.REOFFER)
    visits = await world.visits(wave)
    assert (await world.visit(late.visit_id)).state is VisitState.REPORTED
    assert [visit.predecessor_id for visit in visits if visit.predecessor_id] == [
        expired[1].visit_id
    ]
    assert (await get_wave(world.db, world.chain_id, wave.wave_id)).job is None
