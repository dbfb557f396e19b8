"""``python -m tests.faults``: break the system, hold it to account; ``make chaos`` calls it."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.faults.client import PATIENCE_S
from tests.faults.controls import CONTROLS
from tests.faults.record import record
from tests.faults.report import print_plan, print_verdict
from tests.faults.run import SETTLED_WITHIN_S, Outcome, Plan, run
from tests.faults.schedule import KINDS, provocation, schedule
from tests.faults.surroundings import Surroundings, breakable_servers, ordinary_servers

SHORT_PATIENCE_S = 15.0


def main() -> int:
    """0 when every invariant held, 1 when one did not."""
    arguments = _parser().parse_args()
    directory = Path(arguments.directory or tempfile.mkdtemp(prefix="incognita-faults-"))
    return asyncio.run(_main(arguments, directory))


async def _main(arguments: argparse.Namespace, directory: Path) -> int:
    mine = asyncio.current_task()
    if mine is not None:  # told to end, it stops what it has started
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, mine.cancel)
    outcomes: list[Outcome] = []
    seconds = arguments.minutes * 60 / arguments.seeds
    async with _servers(arguments, directory) as servers:
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            plan = _plan(arguments, seed, seconds)
            print_plan(plan)
            outcome = await run(plan, servers, directory / f"seed-{seed}", _say)
            print_verdict(outcome, command=_command(arguments, seed, seconds))
            outcomes.append(outcome)
    if arguments.record:
        record(
            outcomes, command=f"make chaos MINUTES={arguments.minutes:g} SEEDS={arguments.seeds}"
        )
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def _servers(
    arguments: argparse.Namespace, directory: Path
) -> AbstractAsyncContextManager[Surroundings]:
    if arguments.ordinary:
        return ordinary_servers()
    return breakable_servers(directory / "servers")


def _plan(arguments: argparse.Namespace, seed: int, seconds: float) -> Plan:
    aims = [aim for name in arguments.without for aim in CONTROLS[name].provoked_by]
    faults = schedule(seed, duration_s=seconds, kinds=arguments.only or tuple(KINDS))
    if aims and not arguments.only:
        faults = provocation(seed, duration_s=seconds, aims=aims)
    return Plan(
        seed,
        seconds,
        faults,
        without=arguments.without,
        parallel=arguments.parallel,
        # what is lost for want of a protection is not worth waiting for
        patience_s=SHORT_PATIENCE_S if arguments.without else PATIENCE_S,
        settled_within_s=SHORT_PATIENCE_S if arguments.without else SETTLED_WITHIN_S,
    )


def _command(arguments: argparse.Namespace, seed: int, seconds: float) -> str:
    parts = [f"make chaos SEED={seed} MINUTES={seconds / 60:g}"]
    if arguments.without:
        parts.append(f"WITHOUT={','.join(arguments.without)}")
    if arguments.only:
        parts.append(f"ONLY='{','.join(arguments.only)}'")
    return " ".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="so many, one after the other")
    parser.add_argument("--minutes", type=float, default=2.0, help="of load, over all seeds")
    parser.add_argument("--parallel", type=int, default=4, help="shoppers at work at a time")
    parser.add_argument("--only", type=_names(KINDS), default=[], help="kinds of faults, by commas")
    parser.add_argument(
        "--without", type=_names(CONTROLS), default=[], help="protections to take away"
    )
    parser.add_argument("--ordinary", action="store_true", help="servers that are not broken")
    parser.add_argument("--record", action="store_true", help="write it into docs/faults.md")
    parser.add_argument("--directory", help="for logs and data; a new one unless given")
    return parser


class _names:  # noqa: N801 - a type for argparse
    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)

    def __call__(self, text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        for name in names:
            if name not in self._known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is none of: {', '.join(self._known) or '(none)'}"
                )
        return names


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
