"""One run: load, faults, rest, verdict."""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from incognita_demo.earlier_runs import remove_earlier_runs
from incognitactl.verify import Violation
from tests.faults.breaking import CLOCK_MOST_S, Breaker, Say
from tests.faults.checking import check, in_namespace, until_delivered, until_settled
from tests.faults.client import PATIENCE_S, Client
from tests.faults.fleet import Fleet
from tests.faults.ledger import Ledger
from tests.faults.load import Load
from tests.faults.receiver import Receiver, receiving
from tests.faults.records import Sender
from tests.faults.schedule import LAST_BEFORE_S, Fault
from tests.faults.surroundings import Surroundings

PROGRESS_EVERY_S = 5.0
SETTLED_WITHIN_S = 90.0
DELIVERED_WITHIN_S = 60.0 + CLOCK_MOST_S  # a retry may be due by the clock that was fast


@dataclass(frozen=True)
class Plan:
    """``without``: protections that are taken away, for a negative control."""

    seed: int
    duration_s: float
    faults: Sequence[Fault]
    without: Sequence[str] = ()
    parallel: int = 4
    settled_within_s: float = SETTLED_WITHIN_S
    patience_s: float = PATIENCE_S


@dataclass
class Outcome:
    """What came of a run: what the checker found, and what the load itself was told wrongly."""

    plan: Plan
    found: list[Violation] = field(default_factory=list)
    told: list[Violation] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    faults: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    did: dict[str, int] = field(default_factory=dict)
    asked_again: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    recovered_s: float = 0.0

    @property
    def violations(self) -> list[Violation]:
        """Everything that must not be; empty where every invariant held."""
        return [*self.found, *self.told]


async def run(plan: Plan, servers: Surroundings, directory: Path, say: Say) -> Outcome:
    """Run the plan in a namespace of its own. ``directory`` takes logs and the ledger."""
    namespace = f"fault{secrets.token_hex(4)}"
    say(f"namespace {namespace}, logs in {directory / 'logs'}")
    ledger, outcome = Ledger(), Outcome(plan)
    receiver = Receiver(ledger, _random(plan.seed))
    fleet = Fleet(servers.environment, namespace, directory, without=plan.without)
    with in_namespace(namespace):
        sender = Sender(servers.direct["KAFKA_BOOTSTRAP_SERVERS"], ledger, plan.seed)
        async with (
            receiving(receiver),
            fleet,
            Client(fleet.urls, ledger, connections=plan.parallel * 4 + 10) as client,
        ):
            breaker = Breaker(fleet, servers, sender, say)
            client.patience_s = plan.patience_s
            load = Load(
                client, ledger, receiver, fleet.operator_key, plan.seed, parallel=plan.parallel
            )
            await load.prepare()
            ended_at = await _break_under_load(plan, load, breaker, say)
            settled_at, moving = await until_settled(
                servers.direct, within_s=plan.settled_within_s, say=say
            )
            whole_at = max(breaker.last_whole_at, ended_at)
            outcome.recovered_s = settled_at - whole_at
            await until_delivered(servers.direct, within_s=DELIVERED_WITHIN_S)
            ledger.poison.update(await sender.poison())
            known = ledger.known(outcome.recovered_s)
            known.write(directory / "known.json")
            say("reading every store and every topic")
            verdict = await check(servers.direct, known)
    if plan.without or not verdict.violations:  # what is to be looked into stays
        await asyncio.to_thread(remove_earlier_runs, servers.direct, prefix=namespace)
    outcome.found, outcome.told = list(verdict.violations), _told(ledger, moving)
    outcome.counts = dict(verdict.counts)
    outcome.faults, outcome.skipped = len(breaker.done), breaker.skipped
    outcome.ends, outcome.did = dict(fleet.ends), dict(ledger.did)
    outcome.deaths = dict(fleet.deaths)
    outcome.asked_again, outcome.accepted = dict(ledger.asked_again), len(ledger.accepted)
    return outcome


async def _break_under_load(plan: Plan, load: Load, breaker: Breaker, say: Say) -> float:
    """Load for the whole time, faults meanwhile. When the load had come to its end."""
    stop, began = asyncio.Event(), time.monotonic()
    async with asyncio.TaskGroup() as group:
        showing = group.create_task(_show(plan, load, breaker, began, say))
        working = group.create_task(load.run(stop))
        within_s = plan.duration_s - LAST_BEFORE_S
        breaking = breaker.run(plan.faults, within_s=within_s)
        await asyncio.gather(breaking, asyncio.sleep(plan.duration_s))
        stop.set()
        await working
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
    return time.monotonic()


async def _show(plan: Plan, load: Load, breaker: Breaker, began: float, say: Say) -> None:
    while True:
        await asyncio.sleep(PROGRESS_EVERY_S)
        spent_s = time.monotonic() - began
        left = f"{max(0, plan.duration_s - spent_s):.0f} s left"
        if spent_s > plan.duration_s:
            left = "ending what was begun"
        now_broken = ", ".join(breaker.broken.values()) or "nothing"
        say(
            f"{spent_s:6.1f} s  {left}; {len(load.ledger.accepted)} reports accepted of "
            f"{load.begun} visits, {load.client.retries} requests repeated, "
            f"{len(breaker.done)} faults done; broken now: {now_broken}"
        )


def _told(ledger: Ledger, moving: Sequence[str]) -> list[Violation]:
    """What the runner itself saw that no fault excuses."""
    found = [Violation(7, wrong) for wrong in ledger.wrong]
    if moving:
        found.append(Violation(6, f"still moving when time was up: {'; '.join(moving)[:500]}"))
    return found


def _random(seed: int) -> random.Random:
    return random.Random(f"receiver {seed}")
