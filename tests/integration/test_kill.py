"""Services killed in the middle of their work: nothing is lost, nothing is counted twice."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from incognita_demo.api import Api
from incognita_demo.audit import Audit
from incognita_demo.receiver import receiving
from incognita_demo.reconcile import reconcile
from incognita_demo.settings import DemoSettings
from incognita_local.services import NAMES
from tests.system import System, eventually, is_ready

STORES, PARALLEL, SEED = 40, 4, 11
STOPS_WITHIN_S = 15.0


@pytest.fixture
async def api_of_its_own(system: System) -> AsyncIterator[Api]:
    async with Api(system.urls, connections=PARALLEL * 2 + 20) as client:
        yield client


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with (tmp_path / "console.txt").open("w", encoding="utf-8") as text:
        yield Console(file=text, width=120)


async def kill_each(system: System, audit: Audit, rng: random.Random) -> list[int]:
    """Every service once, at random moments, not waiting for the one before to be back.

    Returns how many reports were complete at each of these moments.
    """
    done = []
    for name in rng.sample(NAMES, len(NAMES)):
        await eventually(lambda: _so_many(audit, len(done) * STORES // 8 + 1), "visits go on")
        await asyncio.sleep(rng.uniform(0, 0.5))
        done.append(completed(audit))
        await asyncio.to_thread(system.running.supervisor[name].kill)
    return done


def completed(audit: Audit) -> int:
    return sum(1 for _ in audit.ledger.completed())


async def _so_many(audit: Audit, count: int) -> bool:
    return completed(audit) >= count


async def _ready(system: System, name: str) -> bool:
    return system.running.supervisor[name].alive and await is_ready(system.urls[name])


@pytest.mark.timeout(180)
async def test_every_service_killed_during_the_visits_leaves_the_account_whole(
    system: System, api_of_its_own: Api, console: Console
) -> None:
    settings = DemoSettings(stores=STORES, seed=SEED, parallel=PARALLEL)
    audit = Audit(api_of_its_own, settings, console)
    before = dict(system.running.supervisor.restarts)
    async with receiving(audit.inbox) as url, asyncio.TaskGroup() as group:
        killing = group.create_task(kill_each(system, audit, random.Random(SEED)))
        await audit.run(system.running.operator_key, url)
        lines = await reconcile(
            api_of_its_own, audit.keys, waves=audit.waves, ledger=audit.ledger, inbox=audit.inbox
        )
    assert [line for line in lines if not line.whole] == []
    assert max(killing.result()) < completed(audit), "all were killed before the last report"
    restarts = system.running.supervisor.restarts
    assert {name: restarts[name] - before[name] for name in NAMES} == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_told_to_stop_ends_in_time_with_status_0(system: System, name: str) -> None:
    process = system.running.supervisor[name]
    try:
        assert await asyncio.to_thread(process.stop, STOPS_WITHIN_S), "it had to be killed"
        assert process.returncode == 0, process.log_tail()
    finally:
        process.start()
        await eventually(lambda: _ready(system, name), f"{name} is back", within_s=60)
    assert process.returncode != -signal.SIGTERM
