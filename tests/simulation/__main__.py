"""``python -m tests.simulation --seeds 10000``, ``--seed 4711`` or ``--controls``."""

import argparse
import logging
import sys
import time

from tests.simulation.controls import CONTROLS, first_violation
from tests.simulation.world import World

SHOWN = 60  # decisions of a run, the last ones


def main() -> int:
    """Run seeds; exit status 1 where one fails, or where a control finds nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="one seed, with its account")
    parser.add_argument("--control", choices=[each.__name__ for each in CONTROLS],
                        help="the protection to take away, with --seed")  # fmt: skip
    parser.add_argument("--controls", action="store_true", help="every protection, one by one")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.controls:
        return _controls(arguments.seeds)
    if arguments.seed is not None:
        return _one(arguments.seed, arguments.control)
    return _many(arguments.first, arguments.seeds)


def _one(seed: int, control: str | None) -> int:
    named = {each.__name__: each for each in CONTROLS}
    if control is None:
        world = World(seed)
        found = world.run()
    else:
        world = World(seed, CONTROLS[named[control]])
        with named[control](world):
            found = world.run()
    print(f"seed {seed}: {world.plan}")
    for at, who, what in world.chance.noted[-SHOWN:]:
        print(f"{at:9.3f} s  {who:12} {what}")
    print("\n".join(found) or "nothing is wrong")
    return bool(found)


def _many(first: int, count: int) -> int:
    began, busy, failed = time.perf_counter(), time.process_time(), 0
    for seed in range(first, first + count):
        if found := World(seed).run():
            failed += 1
            print(f"seed {seed}: {found[0]}", flush=True)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    print(
        f"{count} seeds, {failed} failed; {count / took * 60:.0f} a minute, "
        f"{count / busy * 60:.0f} a minute of one core"
    )
    return bool(failed)


def _controls(seeds: int) -> int:
    missed = 0
    for control in CONTROLS:
        found = first_violation(control, seeds=seeds)
        missed += found is None
        said = f"seed {found[0]}: {found[1][0]}" if found else f"nothing in {seeds} seeds"
        print(f"{control.__name__:36} {said}", flush=True)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
