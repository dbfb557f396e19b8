"""Reports over HTTP until the standing has moved and the webhook is sent.

Prints the latency of each report at a steady rate, the rate that all stages sustain together, what
twice that rate does, and the CPU time of each process for a report.
"""

import argparse
import os
from pathlib import Path

import uvloop

from benchmarks.end_to_end.fleet import NAMES, fleet, servers
from benchmarks.end_to_end.system import Running, System, opened
from benchmarks.end_to_end.telling import tell
from benchmarks.load.processes import server_pids

PHASES = ("steady", "sustained", "double")


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=PHASES)
    parser.add_argument("--workers", nargs="*", default=["evidence=2", "scoring=2"],
                        metavar="SERVICE=COUNT", help="one of each unless said")  # fmt: skip
    parser.add_argument("--branches", type=int, default=5_000)
    parser.add_argument("--shoppers", type=int, default=500)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--steady", type=float, default=100.0, help="reports a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the steady rate")
    parser.add_argument("--reports", type=int, default=10_000, help="as fast as they go")
    parser.add_argument("--sampling", type=float, default=0.1, help="share of visits traced")
    parser.add_argument("--logs", type=Path, help="keep the services' logs there")
    options = parser.parse_args()
    workers = {name: int(count) for name, count in (one.split("=") for one in options.workers)}
    if unknown := set(workers) - set(NAMES):
        parser.error(f"no such service: {', '.join(unknown)}")
    with (
        servers(options.logs) as (environment, logs),
        fleet(workers, sampling=options.sampling, logs=logs) as running,
    ):
        uvloop.run(_measure(options, running, environment))


async def _measure(
    options: argparse.Namespace, running: Running, environment: dict[str, str]
) -> None:
    counts = " ".join(f"{name}={len(pids)}" for name, pids in running.items())
    print(f"{counts}; {options.branches:,} branches, {options.connections} connections, "
          f"{options.sampling:.0%} traced, {os.cpu_count()} cores", flush=True)  # fmt: skip
    async with opened(
        running, server_pids(environment), branches=options.branches,
        shoppers=options.shoppers, connections=options.connections,
    ) as system:  # fmt: skip
        await _phases(options, system)


async def _phases(options: argparse.Namespace, system: System) -> None:
    rate = options.steady
    if "steady" in options.phases:
        count = int(options.steady * options.seconds)
        tell(f"steady, {rate:,.0f}/s", await system.measure(count, options.steady))
    if "sustained" in options.phases:
        measured = await system.measure(options.reports)
        rate = measured.per_s
        tell("as fast as they go", measured)
    if "double" in options.phases:
        tell(f"twice that, {2 * rate:,.0f}/s", await system.measure(options.reports, 2 * rate))


if __name__ == "__main__":
    main()
