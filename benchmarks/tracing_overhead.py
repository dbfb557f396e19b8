"""What tracing costs from end to end: ``python -m benchmarks.tracing_overhead``.

Whether a visit is traced follows from its id. So the same processes take, in turn, reports of which
none, a tenth and all are traced, some rounds of it; compared is the services' CPU time for a report
within each round, which lasts seconds, so that other work on the machine meets all three alike.
"""

import argparse
import random
import statistics
import sys

import uvloop

from benchmarks.end_to_end.fleet import NAMES, fleet, servers
from benchmarks.end_to_end.system import Running, System, opened
from benchmarks.load.processes import server_pids
from incognita_shared.ids import new_id
from incognita_shared.telemetry.visits import is_sampled

RATIO = 0.5
"""Of the services: half of all ids are traced, so either kind is easily made."""
SHARES = (0.0, 0.1, 1.0)
WARM_UP = 1_000


def main() -> None:
    """Measure the shares in turn, some rounds, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracing_overhead",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--reports", type=int, default=800, help="of each share in a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with (
        servers() as (environment, logs),
        fleet({}, sampling=RATIO, logs=logs) as running,
    ):
        found = uvloop.run(_measure(running, environment, options))
    print(f"{'traced':10}{'CPU ms a report':>18}{'ratio, median':>16}{'each round':>14}")
    for share, costs in found.items():
        ratios = [cost / off for cost, off in zip(costs, found[0.0], strict=True)]
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
        print(f"{share:<10.0%}{statistics.median(costs):>18.2f}"
              f"{statistics.median(ratios):>16.2f}{spread:>14}")  # fmt: skip


async def _measure(
    running: Running, environment: dict[str, str], options: argparse.Namespace
) -> dict[float, list[float]]:
    found: dict[float, list[float]] = {share: [] for share in SHARES}
    async with opened(
        running, server_pids(environment), branches=1_000, shoppers=200, connections=32
    ) as system:
        await system.measure(WARM_UP)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
            for share in random.sample(SHARES, len(SHARES)):
                found[share].append(await _cpu_ms(system, share, options.reports))
    return found


async def _cpu_ms(system: System, share: float, reports: int) -> float:
    system.world.new_visit_id = lambda: _visit_id(is_traced=random.random() < share)
    measured = await system.measure(reports)
    return sum(measured.cpu_ms[name] for name in NAMES)


def _visit_id(*, is_traced: bool) -> str:
    while is_sampled(int(found := new_id(), 16), RATIO) is not is_traced:
        pass
    return found


if __name__ == "__main__":
    main()
