"""What is measured, phase by phase, on one running system."""

import argparse
import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice

import httpx

from benchmarks.end_to_end.watching import STAGES, Seen, watching
from benchmarks.end_to_end.world import WAVE, Job, World, bodies
from benchmarks.load.connection import Connection
from benchmarks.load.drive import Outcome, drive
from benchmarks.load.processes import cpu_seconds
from incognita_shared.mongo.client import mongo_database
from incognita_shared.settings import KafkaSettings, MongoSettings

CAUGHT_UP_WITHIN_S = 300.0
DIFFERENT_BODIES = 500


class Phases:
    """``running``: service → port → process id; ``servers``: server → process ids."""

    def __init__(
        self,
        options: argparse.Namespace,
        running: Mapping[str, Mapping[int, int]],
        servers: Mapping[str, Sequence[int]],
    ) -> None:
        self._options = options
        self._running = running
        self._pids: dict[str, Sequence[int]] = {
            **{name: list(pids.values()) for name, pids in running.items()},
            **servers,
            "client": [os.getpid()],
        }
        self._kafka = KafkaSettings()
        self._world = World(branches=options.branches, shoppers=options.shoppers)
        self._bodies = bodies(DIFFERENT_BODIES)
        self._seen = Seen()
        self._expected = 0

    async def all(self) -> None:
        """Every phase that was asked for."""
        options = self._options
        counts = " ".join(f"{name}={len(pids)}" for name, pids in self._running.items())
        print(f"{counts}; {options.branches:,} branches, 60 answers "
              f"({len(self._bodies[0]):,} bytes), {options.sampling:.0%} traced, "
              f"{os.cpu_count()} cores")  # fmt: skip
        await self._world.build(self._kafka)
        async with watching(self._kafka, self._seen) as url:
            await self._subscribe(url)
            rate = options.steady
            if "steady" in options.phases:
                await self._phase("steady", int(options.steady * options.seconds), options.steady)
            if "sustained" in options.phases:
                rate = await self._phase("sustained", options.reports, None)
            if "double" in options.phases:
                await self._phase("double", options.reports, 2 * rate)

    async def _subscribe(self, url: str) -> None:
        port = next(iter(self._running["notification"]))
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(300):
                answer = await client.post(
                    f"http://127.0.0.1:{port}/v1/subscriptions",
                    json={
                        "event_types": ["incognita.standing.changed.v1"],
                        "target": {"webhook": {"url": url}},
                    },
                    headers={"Authorization": f"Bearer {self._world.agency}"},
                )
                if answer.is_success:
                    return
                await asyncio.sleep(0.2)  # the key is still on its way
        raise SystemExit(f"no subscription: {answer.status_code} {answer.text}")

    async def _phase(self, name: str, count: int, per_s: float | None) -> float:
        jobs = await self._visits(count)
        used, began = cpu_seconds(self._pids), time.perf_counter()
        accepted: dict[str, float] = {}
        outcome = await self._submit(jobs, accepted, per_s)
        self._expected += outcome.accepted
        ended = await self._caught_up()
        spent = {each: s - used[each] for each, s in cpu_seconds(self._pids).items()}
        title = name if per_s is None else f"{name}, {per_s:,.0f}/s"
        _print(title, outcome, accepted, self._seen, began=began, ended=ended)
        _print_cpu(spent, outcome.accepted)
        return outcome.accepted / (ended - began)

    async def _visits(self, count: int) -> list[Job]:
        """New visits, once evidence has heard of them all."""
        async with (
            mongo_database(MongoSettings(), "assignment") as assignment,
            mongo_database(MongoSettings(), "evidence") as evidence,
        ):
            jobs = await self._world.add_visits(self._kafka, assignment, count)
            accepted = {"wave_id": WAVE, "last_seq": {"$gte": 2}}
            for _ in range(600):
                if await evidence["visits"].count_documents(accepted) >= self._world.visits:
                    await asyncio.sleep(1)  # notification reads the same topic
                    return jobs
                await asyncio.sleep(0.5)
        raise SystemExit("evidence has not heard of all visits within five minutes")

    async def _submit(
        self, jobs: Sequence[Job], accepted: dict[str, float], per_s: float | None
    ) -> Outcome:
        ports = list(self._running["evidence"])
        count = self._options.connections
        phones = [Connection("127.0.0.1", port) for port in islice(cycle(ports), count)]

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
            return await drive(work, do, connections=count, per_s=per_s)
        finally:
            for phone in phones:
                phone.close()

    async def _caught_up(self) -> float:
        """When the last stage was done with the last report."""
        deadline = time.perf_counter() + CAUGHT_UP_WITHIN_S
        while not self._seen.done(self._expected):
            if time.perf_counter() > deadline:
                raise SystemExit(
                    f"of {self._expected} reports the stages have done {dict(self._seen.counts)}"
                )
            await asyncio.sleep(0.01)
        return max(self._seen.last.values())


def _print(
    title: str, outcome: Outcome, accepted: Mapping[str, float], seen: Seen, *,
    began: float, ended: float,
) -> None:  # fmt: skip
    print(
        f"{title}: {outcome.accepted:,} accepted at {outcome.accepted / outcome.took_s:,.0f}/s, "
        f"{dict(outcome.statuses)}, HTTP p50 {outcome.milliseconds(0.5):.1f} "
        f"p99 {outcome.milliseconds(0.99):.1f} ms; all stages caught up "
        f"{ended - began - outcome.took_s:+.2f} s after the last answer: "
        f"{outcome.accepted / (ended - began):,.0f}/s"
    )
    print("  each stage's rate: " + "  ".join(
        f"{stage} {outcome.accepted / (seen.last[stage] - began):,.0f}"
        for stage in (*STAGES, "webhook")
    ))  # fmt: skip
    for name, times in (("standing", seen.standing), ("webhook", seen.webhook)):
        waits = sorted(times[visit] - at for visit, at in accepted.items() if visit in times)
        if waits:
            print(f"  accepted → {name}: p50 {waits[len(waits) // 2]:.3f} s, "
                  f"p99 {waits[len(waits) * 99 // 100]:.3f} s, most {waits[-1]:.3f} s")  # fmt: skip


def _print_cpu(spent: Mapping[str, float], reports: int) -> None:
    each = {name: 1_000 * seconds / max(1, reports) for name, seconds in spent.items()}
    parts = [f"{name} {ms:.2f}" for name, ms in each.items()]
    print(f"  CPU ms a report: {'  '.join(parts)}  together {sum(each.values()):.2f}", flush=True)
