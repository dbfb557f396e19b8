"""Time alone moves visits, however many sweep."""

import asyncio
from datetime import timedelta

import pytest

from incognita_assignment import sweeper
from incognita_assignment.rules import VisitState
from incognita_assignment.sweeper import Sweeper
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitExpired
from incognita_shared.health import Health

from .world import World, until

PAST = timedelta(seconds=-1)


async def overdue(world: World, count: int) -> None:
    await world.branches(count)
    await world.shoppers(count)
    await world.open_wave()
    await world.db["visits"].update_many({}, {"$set": {"deadline_at": now() + PAST}})


async def test_what_is_overdue_expires_and_the_rest_stays(world: World) -> None:
    await overdue(world, 5)
    accepted, returned, waiting, reported, offered = await world.visits()
    await world.set_visit(accepted, state="accepted")
    await world.set_visit(returned, state="returned")
    await world.set_visit(waiting, deadline_at=now() + timedelta(minutes=1))
    await world.set_visit(reported, state="reported", deadline_at=None)
    assert await Sweeper(world.db, health=Health()).sweep() == 3
    states = [(await world.visit(visit.visit_id)).state.value for visit in await world.visits()]
    assert states == ["expired", "expired", "offered", "reported", "expired"]
    *_, event = await world.events(offered.visit_id)
    assert isinstance(event, VisitExpired)
    assert event.seq == 2
    assert await Sweeper(world.db, health=Health()).sweep() == 0


async def nothing_is_offered(world: World) -> bool:
    return not await world.db["visits"].count_documents({"state": "offered"})


async def test_several_sweepers_expire_each_visit_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "CHUNK", 20)
    await overdue(world, 40)
    stop = asyncio.Event()
    sweepers = [Sweeper(world.db, health=Health(), interval_s=0.01) for _ in range(3)]
    running = [asyncio.create_task(each.run(stop)) for each in sweepers]
    await until(lambda: nothing_is_offered(world))
    stop.set()
    await asyncio.gather(*running)
    for visit in await world.visits():
        assert visit.state is VisitState.EXPIRED
        assert [event.verb for event in await world.events(visit.visit_id)] == [
            "offered", "expired",
        ]  # fmt: skip


async def test_an_event_of_the_sweeper_lies_in_the_visits_trace(world: World) -> None:
    await overdue(world, 1)
    await Sweeper(world.db, health=Health()).sweep()
    found = await world.db["visits"].find_one({})
    assert found
    headers = {name: bytes(raw).decode() for name, raw in found["pending"][-1]["headers"]}
    assert headers["traceparent"].split("-")[1] == found["_id"]


async def test_the_sweep_is_answered_by_an_index(world: World) -> None:
    await overdue(world, 1)
    plan = (
        await world.db["visits"]
        .find({"deadline_at": {"$type": "date", "$lte": now()}}, sort=[("deadline_at", 1)])
        .explain()
    )
    assert "deadline" in str(plan["queryPlanner"]["winningPlan"])
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
