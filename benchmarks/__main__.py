"""Every benchmark in turn, on the same servers: ``make bench``, or ``make bench ONLY="a b"``.

Each runs in a process of its own and says on standard error how far it is; what it found is shown
together at the end. Ratios hold on any machine, absolute figures on this one, and on a busy one CPU
times only.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from incognita_local import Servers


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module below ``benchmarks`` and about how long it takes."""

    name: str
    minutes: float
    arguments: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark("scoring_engine", 0.2),
    Benchmark("comparison", 6),
    Benchmark("drivers", 1),
    Benchmark("delivery", 4),
    Benchmark("ingestion", 3),
    Benchmark("end_to_end", 4),
    Benchmark("tracing_overhead", 4),
    Benchmark("scale", 20),
)


WIDTH = 200  # what the benchmarks print is not to be broken into lines of other lengths


def main() -> int:
    """Exit status 0 only if each ran to its end."""
    names = [each.name for each in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    wanted = [each for each in BENCHMARKS if each.name in parser.parse_args().only]
    console, table = Console(width=WIDTH), Table("benchmark", "found", "took", show_lines=True)
    failed = False
    with Servers() as environment:
        for number, each in enumerate(wanted, 1):
            console.print(f"[{number}/{len(wanted)}] {each.name}, about {each.minutes:g} min",
                          markup=False)  # fmt: skip
            began = time.monotonic()
            done = _run(each, environment)
            failed = failed or done.returncode != 0
            found = done.stdout.rstrip() or f"ended with status {done.returncode}"
            table.add_row(each.name, Text(found), f"{time.monotonic() - began:,.0f} s")
    console.print(f"{os.cpu_count()} cores, servers and clients on them together")
    console.print(table)
    return 1 if failed else 0


def _run(each: Benchmark, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{each.name}", *each.arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
