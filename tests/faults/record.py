"""Writes the result of a run over several seeds into ``docs/faults.md``."""

import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from incognita_shared.clock import now
from tests.faults.run import Outcome

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- last run: begin -->", "<!-- last run: end -->"


def record(outcomes: Sequence[Outcome], *, command: str) -> None:
    """Put the table in the place of the last one. Raises ValueError where the page has no place."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise ValueError(f"{PAGE} lacks {BEGIN} or {END}")
    PAGE.write_text(f"{before}{BEGIN}\n{_table(outcomes, command)}\n{END}{after}", encoding="utf-8")


def _table(outcomes: Sequence[Outcome], command: str) -> str:
    seconds = sum(outcome.plan.duration_s for outcome in outcomes)
    setting = f"{now():%Y-%m-%d}, revision {_revision()}, {platform.machine()}"
    titles = (
        "seed", "reports", "faults", "workers killed", "events", "duplicates sent", "dead letters",
        "webhooks", "settled after s", "verdict",
    )  # fmt: skip
    lines = [
        f"`{command}`, {setting}, {seconds / 60:.0f} minutes of load in all.",
        "",
        f"| {' | '.join(titles)} |",
        f"|{' --- |' * len(titles)}",
    ]
    lines += [_row(outcome) for outcome in outcomes]
    broken = sum(bool(outcome.violations) for outcome in outcomes)
    lines += ["", f"{len(outcomes)} seeds, {broken} with a violation."]
    return "\n".join(lines)


def _row(outcome: Outcome) -> str:
    counts = outcome.counts
    cells = (
        outcome.plan.seed,
        outcome.accepted,
        outcome.faults,
        sum(number for name, number in outcome.ends.items() if name.endswith("-9")),
        sum(number for name, number in counts.items() if name.startswith("events on ")),
        sum(number for name, number in counts.items() if name.startswith("duplicates on ")),
        counts.get("dead letters", 0),
        outcome.did.get("webhooks taken", 0),
        f"{outcome.recovered_s:.1f}",
        "whole" if not outcome.violations else _broken(outcome),
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _broken(outcome: Outcome) -> str:
    numbers = sorted({violation.invariant for violation in outcome.violations})
    return f"**violates {', '.join(str(number) for number in numbers)}**"


def _revision() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"
