"""A million visits on one core: seconds of CPU, and memory."""

import os
import resource
import subprocess
import sys
import time

VISITS, BRANCHES, SHOPPERS = 1_000_000, 50_000, 20_000


def main() -> None:
    """In a process of its own, whose peak of memory is its own and which has one thread."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", __spec__.name, "inside"], env=environment, check=True)


def inside() -> None:
    """Fit, then all standings."""
    from incognita_comparison.model.standing import standings
    from incognita_comparison.model.training import train
    from incognita_comparison.model.worlds import world

    made = world(1, branches=BRANCHES, shoppers=SHOPPERS, visits=VISITS)
    begin = time.process_time()
    trained = train(made.visits)
    fitted = time.process_time()
    found = standings(trained, {})
    ended = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    covered = ((found.lower <= made.truth) & (made.truth <= found.upper)).mean()
    print(
        f"{VISITS:,} visits, {BRANCHES:,} branches, {SHOPPERS:,} shoppers: fitted in "
        f"{fitted - begin:.1f} s of CPU, all standings {ended - fitted:.1f} s more, "
        f"{memory:,.0f} MB at most; intervals hold the truth {covered:.1%}"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        inside()
    else:
        main()
