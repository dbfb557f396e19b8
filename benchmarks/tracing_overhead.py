"""What tracing costs from end to end: ``python -m benchmarks.tracing_overhead``.

The same load on the same servers with every visit traced, every tenth, and none, in turn; the ratio
of the services' CPU time for a report, which other work on the machine disturbs least.
"""

import argparse
import sys
from pathlib import Path

import uvloop

from benchmarks.end_to_end.fleet import NAMES, fleet, servers
from benchmarks.end_to_end.system import Measured, Running, opened
from benchmarks.load.processes import server_pids

SAMPLINGS = (0.0, 0.1, 1.0)
WARM_UP = 300


def main() -> None:
    """Measure each sampling in turn, some rounds, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracing_overhead",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--reports", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[float, list[Measured]] = {each: [] for each in SAMPLINGS}
    with servers() as (environment, logs):
        for number in range(options.rounds):
            for sampling in SAMPLINGS:
                print(f"round {number + 1} of {options.rounds}: {sampling:.0%} traced",
                      file=sys.stderr, flush=True)  # fmt: skip
                found[sampling].append(_run(sampling, options.reports, environment, logs))
    # other work on the machine only ever adds to it, so the least is the best measure
    off = min(map(_cpu_ms, found[0.0]))
    print(f"{'traced':10}{'CPU ms a report':>18}{'ratio':>8}{'reports/s':>12}")
    for sampling, runs in found.items():
        cpu, rate = min(map(_cpu_ms, runs)), max(run.per_s for run in runs)
        print(f"{sampling:<10.0%}{cpu:>18.2f}{cpu / off:>8.2f}{rate:>12,.0f}")


def _cpu_ms(measured: Measured) -> float:
    return sum(measured.cpu_ms[name] for name in NAMES)


def _run(sampling: float, reports: int, environment: dict[str, str], logs: Path) -> Measured:
    with fleet({}, sampling=sampling, logs=logs) as running:
        return uvloop.run(_load(running, reports, environment))


async def _load(running: Running, reports: int, environment: dict[str, str]) -> Measured:
    async with opened(
        running, server_pids(environment), branches=1_000, shoppers=200, connections=32
    ) as system:
        await system.measure(WARM_UP)
        return await system.measure(reports)


if __name__ == "__main__":
    main()
