"""The comparison's model held against what came, against known truth, and against others.

``python -m benchmarks.comparison`` runs all; ``--only held-out simulation speed size`` some. Parts
are deterministic but for times.
"""

import argparse
from collections.abc import Callable

from benchmarks.comparison_model import held_out, simulation, size, speed

PARTS: dict[str, Callable[[], None]] = {
    "held-out": held_out.main,
    "simulation": simulation.main,
    "speed": speed.main,
    "size": size.main,
}


def main() -> None:
    """Print each part's tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparison", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    for name in parser.parse_args().only:
        print(f"== {name}")
        PARTS[name]()


if __name__ == "__main__":
    main()
