"""Runs the phases against real workers and servers, and prints rates, latencies and CPU."""

import argparse
import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from pymongo.asynchronous.database import AsyncDatabase

from benchmarks.ingestion import forms, phases
from benchmarks.ingestion.cleaning import clean, published
from benchmarks.load.drive import Outcome
from benchmarks.load.processes import cpu_seconds, server_pids, started
from incognita_local import Servers
from incognita_shared.mongo.client import mongo_database
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import NAMESPACE, KafkaSettings, MongoSettings, ObjectStoreSettings

PHASES = ("floor", "photo_floor", "single", "photo", "bulk")
GOALS = {"single": 900, "photo": 650, "bulk": 4_500}


@dataclass
class Line:
    """One line of the table. ``caught_up_s``: until every event was on Kafka, from the start."""

    name: str
    outcome: Outcome
    caught_up_s: float
    cpu_ms: dict[str, float]


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingestion", description=__doc__)
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=PHASES)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=8.0, help="about, for each phase")
    parser.add_argument("--shoppers", type=int, default=1_000)
    parser.add_argument("--lines", type=int, default=2_000, help="reports in one bulk request")
    parser.add_argument("--importers", type=int, default=4, help="bulk requests at a time")
    parser.add_argument("--sampling", type=float, default=0.1, help="share of visits traced")
    parser.add_argument("--no-half", action="store_true", help="leave out the half-load runs")
    options = parser.parse_args()
    with Servers() as environment, tempfile.TemporaryDirectory(prefix="incognita-load-") as logs:
        os.environ.update(environment)
        os.environ[NAMESPACE] = f"load{secrets.token_hex(4)}"
        uvloop.run(_Run(options, environment, Path(logs)).all())


class _Run:
    def __init__(
        self, options: argparse.Namespace, environment: Mapping[str, str], logs: Path
    ) -> None:
        self._options = options
        self._logs = logs
        self._servers = server_pids(environment)
        self._bodies = forms.reports(500)
        self._half: float | None = None

    async def all(self) -> None:
        """Every phase, then what is left of them is removed."""
        options = self._options
        print(f"{options.workers} workers, {options.connections} connections, "
              f"{forms.QUESTIONS} answers ({len(self._bodies[0]):,} bytes), "
              f"{options.sampling:.0%} traced, {os.cpu_count()} cores")  # fmt: skip
        try:
            async with mongo_database(MongoSettings(), "evidence") as db:
                if "floor" in options.phases:
                    await self._floor()
                if "photo_floor" in options.phases:
                    await self._photo_floor()
                with self._evidence() as workers:
                    for name in options.phases:
                        if name in GOALS:
                            await self._measure(name, db, workers)
        finally:
            await clean(KafkaSettings(), MongoSettings())

    @contextmanager
    def _evidence(self) -> Any:
        traces = {
            "OTEL_TRACES_DIR": str(self._logs / "traces"),
            "OTEL_SAMPLE_RATIO": str(self._options.sampling),
        }
        arguments = ["-m", "incognita_evidence"]
        with started(
            arguments, traces, count=self._options.workers, logs=self._logs, path="/health/ready"
        ) as workers:
            yield workers

    async def _floor(self) -> None:
        with started(
            ["-m", "benchmarks.ingestion.floor"], {}, count=self._options.workers,
            logs=self._logs, path="/ready",
        ) as workers:  # fmt: skip
            count = int(self._options.seconds * 2_000)
            phones = phases.Phones(list(workers), self._options.connections)
            await self._line(
                "floor", workers, lambda: phases.bare(phones, self._bodies, count=count), None
            )
            phones.close()

    async def _photo_floor(self) -> None:
        store = ObjectStore(ObjectStoreSettings())
        await store.ensure_bucket()
        photos = phases.presigned_photos(store, int(self._options.seconds * GOALS["photo"]))
        phones = phases.Phones([], self._options.connections)
        await self._line("photo_floor", {}, lambda: phases.photos_alone(phones, photos), None)
        phones.close()
        await store.close()

    async def _measure(self, name: str, db: AsyncDatabase[Any], workers: dict[int, int]) -> None:
        line = await self._phase(name, db, workers, per_s=None)
        if name != "bulk" and not self._options.no_half:
            half = GOALS[name] / 2
            await self._phase(name, db, workers, per_s=min(half, _rate(line) / 2))

    async def _phase(
        self, name: str, db: AsyncDatabase[Any], workers: dict[int, int], *, per_s: float | None
    ) -> Line:
        options = self._options
        count = int(options.seconds * (per_s or GOALS[name]))
        visits = await forms.seed(db, count, shoppers=min(options.shoppers, count))
        if name == "photo":
            await forms.ask_for_a_photo(db, visits)
        connections = options.importers if name == "bulk" else options.connections
        phones = phases.Phones(list(workers), connections)
        load: Callable[[], Awaitable[Outcome]]
        if name == "bulk":
            (key,) = await forms.add_keys(db, "agency", 1)
            load = lambda: phases.in_bulk(  # noqa: E731
                phones, visits, self._bodies, key=key, lines=options.lines
            )
        else:
            send = phases.one_by_one if name == "single" else phases.with_a_photo
            load = lambda: send(phones, visits, self._bodies, per_s=per_s)  # noqa: E731
        events = 2 if name == "photo" else 1
        title = f"{name} at {per_s:,.0f}/s" if per_s else name
        line = await self._line(title, workers, load, events)
        phones.close()
        return line

    async def _line(
        self,
        name: str,
        workers: dict[int, int],
        load: Callable[[], Awaitable[Outcome]],
        events: int | None,
    ) -> Line:
        pids = {"workers": list(workers.values()), **self._servers, "client": [os.getpid()]}
        settings = KafkaSettings()
        before = await published(settings) if events else 0
        used, began = cpu_seconds(pids), time.perf_counter()
        outcome = await load()
        if events:
            wanted = before + events * outcome.accepted
            while (found := await published(settings)) < wanted:
                if time.perf_counter() - began > outcome.took_s + 60:
                    raise SystemExit(f"{name}: {wanted - found} events never came")
                await asyncio.sleep(0.02)
        caught_up_s = time.perf_counter() - began
        spent = {each: s - used[each] for each, s in cpu_seconds(pids).items()}
        each = {of: 1_000 * s / max(1, outcome.accepted) for of, s in spent.items()}
        line = Line(name, outcome, caught_up_s, each)
        _print(line)
        return line


def _rate(line: Line) -> float:
    return line.outcome.accepted / line.outcome.took_s


def _print(line: Line) -> None:
    outcome = line.outcome
    print(
        f"{line.name:18}{_rate(line):>8,.0f}/s accepted"
        f"{outcome.accepted / line.caught_up_s:>8,.0f}/s on Kafka"
        f"   p50 {outcome.milliseconds(0.5):6.1f}  p99 {outcome.milliseconds(0.99):6.1f} ms"
        f"   {dict(outcome.statuses)}"
    )
    print("   CPU ms a report: " + "  ".join(f"{of} {ms:.2f}" for of, ms in line.cpu_ms.items())
          + f"  together {sum(line.cpu_ms.values()):.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
