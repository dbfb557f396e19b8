"""``incognitactl verify``: the ten invariants of delivery, on a running system, read-only."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from incognita_shared.settings import SettingsError
from incognitactl.connections import Connections
from incognitactl.screen import say, show_json, show_table
from incognitactl.verify.known import INVARIANTS, Known, Verdict
from incognitactl.verify.run import Options, verify
from incognitactl.verify.stores import Tell

REFRESH_S = 0.2


def add(subparsers: Any) -> None:
    """The command's arguments."""
    about = "read all stores and topics and hold them against the ten invariants"
    parser: argparse.ArgumentParser = subparsers.add_parser("verify", help=about, description=about)
    parser.add_argument(
        "--settle", type=float, default=0, metavar="S",
        help="wait so many seconds at most until nothing is on its way any more",
    )  # fmt: skip
    parser.add_argument(
        "--live", action="store_true",
        help="others go on working: what changes meanwhile is left out, and only what is stuck "
        "counts as unsettled",
    )  # fmt: skip
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="what an observer outside knows, as JSON"
    )
    parser.add_argument("--deep", action="store_true", help="read and hash every object's bytes")
    parser.add_argument("--no-objects", action="store_true", help="leave the object store out")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace, connections: Connections) -> int:
    """Exit status 0 when every invariant holds, 1 otherwise."""
    known = _known(arguments.known) if arguments.known else None
    begun = time.monotonic()
    with _progress() as tell:
        options = Options(
            settle_s=arguments.settle,
            live=arguments.live,
            deep=arguments.deep,
            objects=not arguments.no_objects,
            tell=tell,
        )
        verdict = await verify(connections, known=known, options=options)
    if arguments.json:
        show_json({**asdict(verdict), "checked": {str(k): v for k, v in verdict.checked.items()}})
    else:
        _show(verdict, time.monotonic() - begun)
    return 1 if verdict.violations else 0


def _known(path: Path) -> Known:
    try:
        return Known.read(path)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"--known {path}: {error}") from error


def _show(verdict: Verdict, took_s: float) -> None:
    broken = {each.invariant for each in verdict.violations}
    rows = []
    for number, what in INVARIANTS.items():
        checked = verdict.checked.get(number, 0)
        outcome = "VIOLATED" if number in broken else "holds" if checked else "nothing to check"
        rows.append((number, what, checked, outcome))
    show_table(("", "invariant", "checked", ""), rows)
    say("")
    show_table(("", "violation"), [(each.invariant, each.what) for each in verdict.violations])
    show_table(("read", ""), sorted(verdict.counts.items()))
    say(f"{len(verdict.violations)} kinds of violations; {took_s:.1f} s")


@contextmanager
def _progress() -> Iterator[Tell]:
    """One line on a terminal, rewritten a few times a second; nothing elsewhere."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _what, _done: None
        return
    shown_at = 0.0
    with console.status("connecting") as status:

        def tell(what: str, done: int) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at > REFRESH_S:
                shown_at = time.monotonic()
                status.update(f"{what}: {done:,}")

        yield tell
