"""Reports over HTTP until the standing has moved and the webhook is sent.

Prints the latency of each report at a steady rate, the rate that all stages sustain together, what
twice that rate does, and the CPU time of each process for a report.
"""

import argparse
import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from benchmarks.end_to_end.fleet import NAMES, fleet
from benchmarks.end_to_end.phases import Phases
from benchmarks.end_to_end.removing import remove
from benchmarks.load.processes import server_pids
from incognita_local import Servers
from incognita_shared.settings import NAMESPACE, KafkaSettings, MongoSettings

PHASES = ("steady", "sustained", "double")


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=PHASES)
    parser.add_argument("--workers", nargs="*", default=[], metavar="SERVICE=COUNT",
                        help="one of each unless said")  # fmt: skip
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
    with Servers() as environment, _directory(options.logs) as logs:
        os.environ.update(environment)
        os.environ[NAMESPACE] = f"e2e{secrets.token_hex(4)}"
        settings = {
            "OTEL_TRACES_DIR": str(logs / "traces"),
            "OTEL_SAMPLE_RATIO": str(options.sampling),
        }
        try:
            with fleet(workers, settings, logs=logs) as running:
                uvloop.run(Phases(options, running, server_pids(environment)).all())
        finally:
            asyncio.run(remove(KafkaSettings(), MongoSettings(), NAMES))


@contextmanager
def _directory(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="incognita-e2e-") as made:
        yield Path(made)


if __name__ == "__main__":
    main()
