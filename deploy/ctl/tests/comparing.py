"""A history of comparison for the tests of rebuilds, and the ways to break what it left."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.ctl.tests.operating import (
    CHAIN,
    approved,
    is_caught_up,
    own_database,
    prepare,
    publish,
    rejected,
    scored,
)
from incognita_comparison.handlers import HANDLERS
from incognita_shared.events.assignment import BranchChanged, WaveChanged
from incognita_shared.events.envelope import Event
from incognitactl.connections import Connections
from support.delivery import consuming, eventually

COMPARISON = ("branches", "waves", "questionnaires", "api_keys", "results", "branch_waves")
INDEXED = ("branches", "waves", "results", "branch_waves")
SCORING_EVENTS = "scoring.events.v1"
COMPARISON_EVENTS = "comparison.events.v1"


def branch(number: int, *, version: int = 1) -> Event:
    """A branch in the catalog."""
    return BranchChanged.model_validate({
        "chain_id": CHAIN, "branch_id": f"branch-{number}", "store_id": f"S{number}",
        "name": f"Branch {number}, {version}", "address": "1 Main St", "city": "Westland",
        "region": "MI", "country": "US", "postal_code": "48185", "ownership": "franchise",
        "franchisee_id": None, "time_zone": "America/Detroit", "position": None,
        "geofence_m": 200, "closed": False, "version": version,
    })  # fmt: skip


def wave() -> Event:
    """A wave in the catalog."""
    return WaveChanged.model_validate({
        "chain_id": CHAIN, "wave_id": "wave-1", "programme_id": "programme", "name": "Spring",
        "state": "open", "channel": "delivery", "scenario": "dinner", "questionnaire_id": "q",
        "questionnaire_version": 1, "starts_at": "2026-03-01T00:00:00Z",
        "ends_at": "2026-03-08T00:00:00Z", "version": 1,
    })  # fmt: skip


def history(rng: random.Random, visits: int) -> list[Event]:
    """What was said of so many visits: scores, approvals, rejections, and some of it twice."""
    said: list[Event] = [wave(), *(branch(n, version=v) for v in (1, 2) for n in range(8))]
    for number in range(visits):
        about: dict[str, Any] = {"branch_id": f"branch-{number % 8}"}
        score = str(rng.randint(0, 100))
        said.append(scored(f"visit-{number}", **about, score=score))
        if rng.random() < 0.9:
            said.append(approved(f"visit-{number}", **about, score=score))
            if rng.random() < 0.1:
                said.append(said[-1])
            if rng.random() < 0.2:
                said.append(rejected(f"visit-{number}", **about))
    return said


@asynccontextmanager
async def comparison(connections: Connections) -> AsyncIterator[None]:
    """Comparison's consumer at work in this process."""
    await prepare(connections, ["comparison"])
    async with own_database() as db, consuming(db, connections.kafka, handlers=HANDLERS):
        yield


async def play(connections: Connections, *events: Event) -> None:
    """Let comparison handle the events, and stop it."""
    await publish(*events)

    async def is_done() -> bool:
        return await is_caught_up(connections, "comparison")

    async with comparison(connections):
        await eventually(is_done, within_s=60)


async def spoil(connections: Connections) -> None:
    """Break the projections in several ways."""
    db = connections.databases["comparison"]
    await db["branch_waves"].update_many({}, {"$inc": {"sum": 7, "approved": 1}})
    await db["results"].delete_many({"_id": {"$regex": "5$"}})
    await db["branches"].update_many({}, {"$set": {"name": "?", "version": 99}})
    await db["results"].insert_one({"_id": "nobody's", "chain_id": CHAIN})
