"""What a report costs from end to end when few and when many are stored already.

For each size a fleet of its own, with databases and topics of its own, on the same servers; they
take the same load in turn, some rounds of it: small, large, large, small. So other work on the
machine, the caches and the idle processes meet all sizes alike. Prints CPU time for a report and
memory at each size and the ratio to the smallest within each round; what MongoDB examines for a
report depends on nothing but the plans of its queries.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from benchmarks.end_to_end.fleet import fleet, servers
from benchmarks.end_to_end.system import Measured, Running, System, opened
from benchmarks.load.processes import server_pids
from benchmarks.scale.filling import fill, fill_branches
from incognita_shared.mongo.client import connect
from incognita_shared.settings import NAMESPACE, MongoSettings

SIZES = (1_000, 100_000)
WARM_UP = 1_000


@dataclass
class Store:
    """A fleet with its stored reports, and what each round took."""

    size: int
    name_space: str
    running: Running
    measured: list[Measured] = field(default_factory=list)
    examined: list[tuple[int, int]] = field(default_factory=list)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Names of topics and databases are this store's within the block."""
        before, os.environ[NAMESPACE] = os.environ.get(NAMESPACE, ""), self.name_space
        try:
            yield
        finally:
            os.environ[NAMESPACE] = before

    @property
    def clients_ms(self) -> list[float]:
        """What the client took of it: it does the same at each size."""
        return [each.cpu_ms["client"] for each in self.measured]

    @property
    def costs_ms(self) -> list[float]:
        """CPU milliseconds of all processes for a report, in each round."""
        return [sum(each.cpu_ms.values()) for each in self.measured]


def main() -> None:
    """Fill, then measure in turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="stored reports")
    parser.add_argument("--branches", type=int, default=50_000)
    parser.add_argument("--reports", type=int, default=3_000, help="measured at each size")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    with servers() as (environment, logs), ExitStack() as stack:
        stores = []
        for size in options.sizes:
            running = stack.enter_context(fleet({}, sampling=0.1, logs=logs / str(size)))
            stores.append(Store(size, os.environ[NAMESPACE], running))
        uvloop.run(_measure(options, stores, environment))


async def _measure(
    options: argparse.Namespace, stores: Sequence[Store], environment: Mapping[str, str]
) -> None:
    print(f"{options.branches:,} branches, {options.reports:,} reports at each size in each of "
          f"{options.rounds} rounds, {os.cpu_count()} cores", flush=True)  # fmt: skip
    async with AsyncExitStack() as stack:
        systems = []
        for store in stores:
            with store.entered():
                system = await stack.enter_async_context(
                    opened(store.running, server_pids(environment), branches=options.branches,
                           shoppers=500, connections=32)
                )  # fmt: skip
                await _fill(store, system, options.branches)
            systems.append(system)
        for number in range(options.rounds):
            turns = list(zip(stores, systems, strict=True))
            for store, system in turns if number % 2 == 0 else turns[::-1]:
                _say(f"round {number + 1} of {options.rounds}, {store.size:,} stored")
                with store.entered():
                    before = await _examined()
                    store.measured.append(await system.measure(options.reports))
                    after = await _examined()
                store.examined.append((after[0] - before[0], after[1] - before[1]))
        for store, system in zip(stores, systems, strict=True):
            _tell(store, stores[0], system, options.reports)


async def _fill(store: Store, system: System, branches: int) -> None:
    _say(f"{store.size:,}: warming up")
    await system.measure(WARM_UP)
    began = time.monotonic()
    await fill_branches(MongoSettings(), branches)
    await fill(MongoSettings(), max(0, store.size - WARM_UP), branches=branches)
    _say(f"{store.size:,} reports stored, {time.monotonic() - began:.0f} s")


async def _examined() -> tuple[int, int]:
    """Index keys and documents that MongoDB has examined so far."""
    client = connect(MongoSettings(), "benchmark")
    try:
        status = await client.admin.command("serverStatus")
    finally:
        await client.close()
    counted = status["metrics"]["queryExecutor"]
    return counted["scanned"], counted["scannedObjects"]


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _tell(store: Store, first: Store, system: System, reports: int) -> None:
    ratios = [cost / of for cost, of in zip(store.costs_ms, first.costs_ms, strict=True)]
    clients = zip(store.clients_ms, first.clients_ms, strict=True)
    against = [ratio * of / its for ratio, (its, of) in zip(ratios, clients, strict=True)]
    rounds = " ".join(f"{ratio:.2f}" for ratio in ratios)
    rate = statistics.median(each.per_s for each in store.measured)
    print(f"{store.size:>9,} stored: {statistics.median(store.costs_ms):.2f} CPU ms a report, "
          f"{statistics.median(ratios):.2f} of the first ({rounds}), "
          f"{statistics.median(against):.2f} against the client's own time; "
          f"{rate:,.0f}/s")  # fmt: skip
    keys, documents = (
        statistics.median(each) / reports for each in zip(*store.examined, strict=True)
    )
    print(
        f"          MongoDB examined {keys:.1f} index keys and {documents:.1f} documents a report"
    )
    names = store.measured[0].cpu_ms
    cpu = {n: statistics.median(each.cpu_ms[n] for each in store.measured) for n in names}
    print("          " + "  ".join(
        f"{name} {ms:.2f} ms {_memory_mb(system.pids[name]):,.0f} MB" for name, ms in cpu.items()
    ), flush=True)  # fmt: skip


def _memory_mb(pids: Sequence[int]) -> float:
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
