"""What a report costs from end to end when few, many and a million are stored already.

Prints CPU time for a report and memory of each process at each size, and the ratio to the smallest.
Other work on the machine makes all CPU times longer, so the ratio is also given against the time of
the client, which does the same at each size. What MongoDB examines for a report depends on nothing
but the plans of its queries.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvloop

from benchmarks.end_to_end.fleet import fleet, servers
from benchmarks.end_to_end.system import Measured, Running, System, opened
from benchmarks.load.processes import server_pids
from benchmarks.scale.filling import fill, fill_branches
from incognita_shared.mongo.client import connect
from incognita_shared.settings import MongoSettings

SIZES = (1_000, 100_000, 1_000_000)
WARM_UP = 1_000


def main() -> None:
    """Fill and measure in turn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="stored reports")
    parser.add_argument("--branches", type=int, default=50_000)
    parser.add_argument("--reports", type=int, default=3_000, help="measured at each size")
    options = parser.parse_args()
    with servers() as (environment, logs), fleet({}, sampling=0.1, logs=logs) as running:
        uvloop.run(_measure(options, running, environment))


async def _measure(
    options: argparse.Namespace, running: Running, environment: Mapping[str, str]
) -> None:
    print(f"{options.branches:,} branches, {options.reports:,} reports at each size, "
          f"{os.cpu_count()} cores", flush=True)  # fmt: skip
    async with opened(
        running, server_pids(environment), branches=options.branches, shoppers=500, connections=32
    ) as system:
        _say("warming up")
        await system.measure(WARM_UP)
        await fill_branches(MongoSettings(), options.branches)
        first: Measured | None = None
        stored = WARM_UP
        for size in options.sizes:
            began = time.monotonic()
            await fill(MongoSettings(), max(0, size - stored), branches=options.branches)
            _say(f"{size:,} reports stored, {time.monotonic() - began:.0f} s")
            before = await _examined()
            measured = await system.measure(options.reports)
            examined = [now - then for now, then in zip(await _examined(), before, strict=True)]
            stored = max(size, stored) + options.reports
            first = first or measured
            _tell(size, measured, first, system)
            keys, documents = (each / options.reports for each in examined)
            print(f"          MongoDB examined {keys:.1f} index keys and {documents:.1f} documents "
                  f"a report", flush=True)  # fmt: skip


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


def _tell(size: int, measured: Measured, first: Measured, system: System) -> None:
    cpu, at_first = measured.cpu_ms, first.cpu_ms
    ratio = sum(cpu.values()) / sum(at_first.values())
    against = ratio * at_first["client"] / cpu["client"]
    print(f"{size:>9,} stored: {sum(cpu.values()):.2f} CPU ms a report, {ratio:.2f} of the first, "
          f"{against:.2f} against the client; {measured.per_s:,.0f}/s")  # fmt: skip
    memory = {name: _memory_mb(pids) for name, pids in system.pids.items()}
    print("          " + "  ".join(
        f"{name} {ms:.2f} ms {memory[name]:,.0f} MB" for name, ms in cpu.items()
    ), flush=True)  # fmt: skip


def _memory_mb(pids: Sequence[int]) -> float:
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
