"""The running system with its world, and what one load makes of it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice

import httpx

from benchmarks.end_to_end.watching import Seen, watching
from benchmarks.end_to_end.world import Job, World, bodies
from benchmarks.load.connection import Connection
from benchmarks.load.drive import Outcome, drive
from benchmarks.load.processes import cpu_seconds
from incognita_shared.mongo.client import mongo_database
from incognita_shared.settings import KafkaSettings, MongoSettings

CAUGHT_UP_WITHIN_S = 600.0
DIFFERENT_BODIES = 500
Running = Mapping[str, Mapping[int, int]]
"""Service → port → process id."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load led to. Seconds are counted from the first request."""

    outcome: Outcome
    waits_s: Mapping[str, Sequence[float]]
    """Stage → seconds from the acceptance to it, for each report, in order."""
    done_s: Mapping[str, float]
    """Stage → when it was done with the last report."""
    cpu_ms: Mapping[str, float]
    """Process → milliseconds of CPU time for an accepted report."""

    @property
    def per_s(self) -> float:
        """Reports a second until every stage was done with all."""
        return self.outcome.accepted / max(self.done_s.values())


@dataclass
class System:
    """Drive it with ``measure``; every load has visits of its own."""

    running: Running
    servers: Mapping[str, Sequence[int]]
    world: World
    connections: int
    seen: Seen = field(default_factory=Seen)
    _bodies: list[bytes] = field(default_factory=lambda: bodies(DIFFERENT_BODIES))
    _expected: int = 0

    @property
    def pids(self) -> dict[str, Sequence[int]]:
        """Of the services, the servers and this client."""
        services = {name: list(ports.values()) for name, ports in self.running.items()}
        return {**services, **self.servers, "client": [os.getpid()]}

    async def measure(self, count: int, per_s: float | None = None) -> Measured:
        """Submit ``count`` reports, at a rate or as fast as the connections take them."""
        jobs = await self._visits(count)
        used, began = cpu_seconds(self.pids), time.perf_counter()
        accepted: dict[str, float] = {}
        outcome = await self._submit(jobs, accepted, per_s)
        self._expected += outcome.accepted
        await self._caught_up()
        spent = {name: s - used[name] for name, s in cpu_seconds(self.pids).items()}
        arrived = {"standing": self.seen.standing, "webhook": self.seen.webhook}
        return Measured(
            outcome=outcome,
            waits_s={
                stage: sorted(times[visit] - at for visit, at in accepted.items())
                for stage, times in arrived.items()
            },
            done_s={stage: at - began for stage, at in self.seen.last.items()},
            cpu_ms={name: 1_000 * s / max(1, outcome.accepted) for name, s in spent.items()},
        )

    async def _visits(self, count: int) -> list[Job]:
        """New visits, once evidence has heard of them all."""
        async with (
            mongo_database(MongoSettings(), "assignment") as assignment,
            mongo_database(MongoSettings(), "evidence") as evidence,
        ):
            jobs = await self.world.add_visits(KafkaSettings(), assignment, count)
            last = {"_id": {"$in": [job.visit_id for job in jobs]}, "last_seq": {"$gte": 2}}
            for _ in range(600):
                if await evidence["visits"].count_documents(last) == count:
                    await asyncio.sleep(2)  # notification and scoring read the same topic
                    return jobs
                await asyncio.sleep(0.5)
        raise SystemExit("evidence has not heard of all visits within five minutes")

    async def _submit(
        self, jobs: Sequence[Job], accepted: dict[str, float], per_s: float | None
    ) -> Outcome:
        ports = islice(cycle(self.running["evidence"]), self.connections)
        phones = [Connection("127.0.0.1", port) for port in ports]

        async def do(at: int, piece: tuple[Job, bytes]) -> int:
            job, body = piece
            head = (
                f"POST /v1/visits/{job.visit_id}/report:submit HTTP/1.1\r\nHost: bench\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: Bearer {job.key}\r\nIdempotency-Key: {job.visit_id}\r\n\r\n"
            )
            answer = await phones[at].send(head.encode(), body)
            if b'"completed"' in answer.body:
                accepted[job.visit_id] = time.perf_counter()
            return answer.status

        work = list(zip(jobs, cycle(self._bodies)))
        try:
            return await drive(work, do, connections=self.connections, per_s=per_s)
        finally:
            for phone in phones:
                phone.close()

    async def _caught_up(self) -> None:
        deadline = time.perf_counter() + CAUGHT_UP_WITHIN_S
        while not self.seen.done(self._expected):
            if time.perf_counter() > deadline:
                raise SystemExit(
                    f"of {self._expected} reports the stages have done {dict(self.seen.counts)}"
                )
            await asyncio.sleep(0.01)

    async def subscribe(self, url: str) -> None:
        """A webhook for each standing that moved."""
        port = next(iter(self.running["notification"]))
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(300):
                answer = await client.post(
                    f"http://127.0.0.1:{port}/v1/subscriptions",
                    json={
                        "event_types": ["incognita.standing.changed.v1"],
                        "target": {"webhook": {"url": url}},
                    },
                    headers={"Authorization": f"Bearer {self.world.agency}"},
                )
                if answer.is_success:
                    return
                await asyncio.sleep(0.2)  # the key is still on its way
        raise SystemExit(f"no subscription: {answer.status_code} {answer.text}")


@asynccontextmanager
async def opened(
    running: Running,
    servers: Mapping[str, Sequence[int]],
    *,
    branches: int,
    shoppers: int,
    connections: int,
) -> AsyncIterator[System]:
    """The system with a chain in it, its topics watched and its webhooks received."""
    world = World(branches=branches, shoppers=shoppers)
    system = System(running, servers, world, connections)
    await world.build(KafkaSettings())
    async with watching(KafkaSettings(), system.seen) as url:
        await system.subscribe(url)
        yield system
