"""Does to the running system what the schedule says, and puts it right again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.fleet import Fleet, Worker
from tests.faults.points import CLAIMING, POINTS
from tests.faults.records import Sender
from tests.faults.schedule import KINDS, Fault, Needs
from tests.faults.surroundings import Surroundings

CLOCK_MOST_S = 240.0  # receivers of webhooks refuse a signature that is five minutes off
ZOMBIE_WITHIN_S = 8.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class CommitFailure:
    """What a commit answers; ``done``: it took effect all the same."""

    code: int
    done: bool = False
    labels: tuple[str, ...] = ()


COMMIT_FAILURES = (
    CommitFailure(64, done=True),  # the write concern timed out: the driver can't know
    CommitFailure(91),  # shutdown in progress: the driver can't know
    CommitFailure(251, labels=("TransientTransactionError",)),  # aborted: begin anew
)


@dataclass
class Breaker:
    """``done``: what was broken; ``skipped``: what could not be, and why."""

    fleet: Fleet
    servers: Surroundings
    sender: Sender
    say: Say
    done: list[Fault] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    """What is broken at this moment."""
    _until: float = 0.0
    last_whole_at: float = 0.0
    """``time.monotonic()`` when the last fault was over."""

    def __post_init__(self) -> None:
        self._breaks: Mapping[str, Callable[[Fault], Awaitable[None]]] = {
            "kill": self._kill,
            "point": self._point,
            "zombie": self._zombie,
            "stop": self._stop,
            "restart": self._restart,
            "roll": self._roll,
            "scale": self._scale,
            "clock": self._clock,
            **dict.fromkeys(("duplicate", "reorder", "poison", "oversized", "old"), self._send),
            "kafka kill": self._kill_server,
            "minio kill": self._kill_server,
            "mongo kill": self._kill_primary,
            "mongo step-down": self._step_down,
            "mongo commit errors": self._fail_commits,
            "cut": self._cut,
            "silence": self._silence,
            "latency": self._slow,
            "reset": self._reset,
            "full disk": self._fill,
        }
        self._scaling = {name: asyncio.Lock() for name in fleet_services(self.fleet)}
        self._whole: dict[str, asyncio.Lock] = {}

    async def run(self, faults: Sequence[Fault], *, within_s: float) -> None:
        """All of them at their times; returns when everything is whole again.

        What has not begun ``within_s`` seconds, because the same thing was still broken, is left
        out.
        """
        began = time.monotonic()
        self._until = began + within_s
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
                if why := self._impossible(fault):
                    self.skipped[f"{fault.kind} {fault.target}"] = why
                else:
                    group.create_task(self._one(fault))
        self.last_whole_at = time.monotonic()

    async def _one(self, fault: Fault) -> None:
        # one thing is not broken twice at a time: killing a broker that is dead breaks nothing
        lock = self._whole.setdefault(_thing(fault), asyncio.Lock())
        async with lock:
            if time.monotonic() > self._until:
                self.skipped[f"{fault.kind} {fault.target}"] = "what it breaks was broken still"
                return
            self.say(str(fault))
            self.broken[id(fault)] = f"{fault.kind} {fault.target}"
            try:
                await self._breaks[fault.kind](fault)
            finally:
                del self.broken[id(fault)]
        self.done.append(fault)

    def _impossible(self, fault: Fault) -> str | None:
        needs = KINDS[fault.kind].needs
        if needs is Needs.SERVICES:
            return None
        return self.servers.why_not(needs, fault.target)

    def _worker(self, fault: Fault, service: str | None = None) -> Worker:
        return self.fleet.pick(service or fault.target, fault.draw)

    async def _kill(self, fault: Fault) -> None:
        await self.fleet.kill(self._worker(fault))
        await asyncio.sleep(fault.lasts_s)

    async def _point(self, fault: Fault) -> None:
        rng, point = random.Random(fault.draw), POINTS[fault.target]
        worker = self._worker(fault, rng.choice(point.services))
        before = len(worker.control.deaths)
        worker.control.arm(fault.target, rng.randint(1, point.nth_most))
        if fault.target in CLAIMING:
            await self.fleet.kill(worker)  # comes back armed, and dies again where it claims
        await self._until_there(worker, before, fault.lasts_s)

    async def _zombie(self, fault: Fault) -> None:
        """One of two stands still in the middle of its work until the other has all of it."""
        rng, point = random.Random(fault.draw), POINTS[fault.target]
        service = rng.choice(point.services)
        async with self._scaling[service]:
            await self.fleet.scale(service, 2)
            worker = self.fleet.workers[service][0]
            before = len(worker.control.deaths)
            worker.control.arm(fault.target, rng.randint(1, point.nth_most), stop=True)
            if await self._until_there(worker, before, ZOMBIE_WITHIN_S):
                self.fleet.pause(worker)
                await asyncio.sleep(fault.lasts_s)
                self.fleet.resume(worker)
                await asyncio.sleep(1)
            await self.fleet.scale(service, 1)

    async def _until_there(self, worker: Worker, before: int, within_s: float) -> bool:
        until = time.monotonic() + within_s
        # another process says when it is there
        while len(worker.control.deaths) == before and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        worker.control.disarm()
        return len(worker.control.deaths) > before

    async def _stop(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self.fleet.pause(worker)
        await asyncio.sleep(fault.lasts_s)
        self.fleet.resume(worker)

    async def _restart(self, fault: Fault) -> None:
        await self.fleet.restart(self._worker(fault))

    async def _roll(self, fault: Fault) -> None:
        await self.fleet.roll()

    async def _scale(self, fault: Fault) -> None:
        async with self._scaling[fault.target]:
            await self.fleet.scale(fault.target, 3)
            await asyncio.sleep(fault.lasts_s)
            await self.fleet.scale(fault.target, 1)

    async def _clock(self, fault: Fault) -> None:
        worker = self._worker(fault)
        worker.control.shift_clock(round((fault.draw * 2 - 1) * CLOCK_MOST_S))
        await asyncio.sleep(fault.lasts_s)
        worker.control.shift_clock(0)

    async def _send(self, fault: Fault) -> None:
        await self.sender.send(fault)

    async def _kill_server(self, fault: Fault) -> None:
        server = (
            self.servers.breakable.kafka
            if fault.target == "kafka"
            else self.servers.breakable.minio
        )
        await server.kill()
        await asyncio.sleep(fault.lasts_s)
        await server.start()

    async def _kill_primary(self, fault: Fault) -> None:
        await self.servers.breakable.mongo.kill_primary()
        await asyncio.sleep(fault.lasts_s)
        await self.servers.breakable.mongo.start_dead()

    async def _step_down(self, fault: Fault) -> None:
        await self.servers.breakable.mongo.step_down()
        await asyncio.sleep(fault.lasts_s)

    async def _fail_commits(self, fault: Fault) -> None:
        rng, mongo = random.Random(fault.draw), self.servers.breakable.mongo
        times, failure = rng.randint(2, 6), rng.choice(COMMIT_FAILURES)
        await mongo.fail_commits(times, failure.code, done=failure.done, labels=failure.labels)
        await asyncio.sleep(fault.lasts_s)
        await mongo.heal_commits()

    async def _cut(self, fault: Fault) -> None:
        link = self.servers.breakable.link(fault.target)
        await link.cut()
        await asyncio.sleep(fault.lasts_s)
        await link.heal()

    async def _silence(self, fault: Fault) -> None:
        link = self.servers.breakable.link(fault.target)
        await link.silence()
        await asyncio.sleep(fault.lasts_s)
        await link.heal()

    async def _slow(self, fault: Fault) -> None:
        link = self.servers.breakable.link(fault.target)
        await link.latency(int(20 + fault.draw * 200), 50)
        await asyncio.sleep(fault.lasts_s)
        await link.heal()

    async def _reset(self, fault: Fault) -> None:
        await self.servers.breakable.link(fault.target).reset(fault.lasts_s)

    async def _fill(self, fault: Fault) -> None:
        disk = self.servers.breakable.disk(fault.target)
        await disk.fill()
        await asyncio.sleep(fault.lasts_s)
        await disk.free()


SINGLE = frozenset({"kill", "stop", "restart", "scale", "roll", "point", "zombie", "clock"})


def fleet_services(fleet: Fleet) -> Sequence[str]:
    """The services that the fleet runs."""
    return tuple(fleet.workers)


def _thing(fault: Fault) -> str:
    if fault.kind in SINGLE:
        return f"{fault.kind} {fault.target}"
    if KINDS[fault.kind].needs is Needs.SERVICES:
        return "records"
    return fault.target
