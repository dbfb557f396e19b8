"""``python -m tests.simulation --seeds 10000`` or ``--seed 4711``."""

import argparse
import logging
import sys
import time

from tests.simulation.world import World


def main() -> int:
    """Run seeds; exit status 1 where one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="one seed, with its account")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.seed is not None:
        world = World(arguments.seed)
        found = world.run()
        print(world.plan)
        for at, who, what in world.chance.noted:
            print(f"{at:9.3f}  {who:12} {what}")
        print("\n".join(found) or "nothing is wrong")
        return bool(found)
    began, failed = time.perf_counter(), 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        found = World(seed).run()
        if found:
            failed += 1
            print(f"seed {seed}: {found[0]}")
    took, busy = time.perf_counter() - began, time.process_time()
    print(
        f"{arguments.seeds} seeds, {failed} failed; {arguments.seeds / took * 60:.0f} a minute, "
        f"{arguments.seeds / busy * 60:.0f} a minute of one core"
    )
    return bool(failed)


sys.exit(main())
