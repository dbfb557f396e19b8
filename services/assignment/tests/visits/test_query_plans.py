"""No query of handlers, sweeper, relay or requests scans or sorts in memory, whatever is stored."""

import asyncio
from datetime import timedelta

import pytest

from incognita_assignment.sweeper import Sweeper
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.relay import Relay
from incognita_shared.settings import KafkaSettings
from support.plans import Plans, multiplied

from . import facts
from .world import World, until

STORED = 400
HANDFUL = ("relay_leases", "outbox")
"""Collections of a few documents whatever is stored: reading one whole is the quickest."""


@pytest.fixture
def database(listened: Database) -> Database:
    return listened


@pytest.fixture
async def full(world: World) -> World:
    """Five visits among many, one of them with a payout."""
    await world.branches(5)
    await world.shoppers(5)
    await world.open_wave()
    for visit in await world.visits():
        await world.set_visit(visit, state="accepted", accepted_at=now())
    first, *_ = await world.visits()
    await world.play(facts.completed(first), facts.approved(first))
    done = {"state": "approved", "deadline_at": None, "has_pending": False, "pending": []}
    await multiplied(world.db, "visits", STORED, **done)
    await multiplied(world.db, "payouts", STORED)
    return world


async def test_handlers_and_sweeper_read_only_what_they_name(full: World, plans: Plans) -> None:
    agreed = [visit for visit in await full.visits() if visit.state == "accepted"]
    reported, returned, overdue, *_ = agreed
    await full.set_visit(overdue, deadline_at=now() - timedelta(hours=1))
    with plans.capturing():
        await full.play(facts.completed(reported), facts.approved(reported))
        await full.play(facts.completed(returned), facts.returned(returned))
        assert await Sweeper(full.db, health=Health()).sweep() == 1
    await plans.none_scans(full.db, most_examined=2)


async def test_an_approval_is_taken_back_and_given_again_without_a_scan(
    full: World, plans: Plans
) -> None:
    approved = next(visit for visit in await full.visits() if visit.payout_id)
    with plans.capturing():
        await full.play(facts.unapproved(approved, seq=8), facts.approved(approved, seq=9))
    await plans.none_scans(full.db, most_examined=2)


async def test_requests_use_indexes(full: World, plans: Plans) -> None:
    visit, *_ = await full.visits()
    agency = await full.client(Role.AGENCY)
    shopper = await full.client(Role.SHOPPER, shopper_id=visit.shopper_id)
    manager = await full.client(Role.BRANCH_MANAGER, branch_ids=(visit.branch_id,))
    with plans.capturing():
        for caller, path in (
            (agency, "/v1/visits?limit=5"),
            (agency, f"/v1/visits?wave_id={visit.wave_id}&state=accepted&limit=5"),
            (agency, f"/v1/visits?branch_id={visit.branch_id}&limit=5"),
            (shopper, "/v1/visits?limit=5"),
            (manager, "/v1/visits?limit=5"),
            (agency, f"/v1/visits/{visit.visit_id}"),
            (agency, f"/v1/waves/{visit.wave_id}/counts"),
            (agency, "/v1/payouts?limit=5"),
            (agency, "/v1/payouts?unapproved=true&limit=5"),
            (agency, f"/v1/keys?shopper_id={visit.shopper_id}&limit=5"),
            (shopper, "/v1/payouts?limit=5"),
        ):
            answer = await caller.get(path)
            assert answer.status_code == 200, (path, answer.text)
    await plans.none_scans(full.db, fewest=6)


async def test_the_relay_reads_only_what_has_something_to_say(
    full: World, plans: Plans, kafka_settings: KafkaSettings, topics: None
) -> None:
    stop = asyncio.Event()
    async with started_producer(kafka_settings, client_id="test") as producer:
        relay = Relay(
            full.db, collections=("visits",), producer=producer, health=Health(), owner="r"
        )
        with plans.capturing():
            running = asyncio.create_task(relay.run(stop))
            await until(lambda: _said(full.db))
            stop.set()
            await running
    await plans.none_scans(full.db, most_examined=5, passed_over=HANDFUL)


async def _said(db: Database) -> bool:
    return not await db["visits"].find_one({"has_pending": True}, hint="pending")
