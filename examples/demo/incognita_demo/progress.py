"""Progress for a person: one bar a stage on a terminal, a line now and then elsewhere."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

STAGES = ("offered", "reported", "scored", "compared", "notified")
REFRESH_S = 1.0
LINE_EVERY_S = 5.0

Counts = Mapping[str, int]


async def show(
    totals: Callable[[], Counts],
    counts: Callable[[], Awaitable[Counts]],
    stop: asyncio.Event,
    console: Console,
) -> None:
    """Show the stages until stopped. ``totals`` says how far each goes, as known so far."""
    began, last_line = time.monotonic(), 0.0
    with Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>6.1f}/s"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        tasks = {name: progress.add_task(name, total=None, rate=0.0) for name in STAGES}
        while True:
            found, wanted = await counts(), totals()
            spent = max(0.001, time.monotonic() - began)
            for name, task in tasks.items():
                progress.update(
                    task,
                    completed=found[name],
                    total=max(wanted[name], found[name]),
                    rate=found[name] / spent,
                )
            if not console.is_terminal and time.monotonic() - last_line > LINE_EVERY_S:
                last_line = time.monotonic()
                _line(found, wanted, spent)
            if stop.is_set():
                return
            await asyncio.sleep(REFRESH_S)


def _line(found: Counts, wanted: Counts, spent_s: float) -> None:
    rate = found["notified"] / spent_s
    left = wanted["notified"] - found["notified"]
    ahead = f", about {left / rate:.0f} s left" if rate > 0 and left > 0 else ""
    parts = " · ".join(f"{name} {found[name]}/{wanted[name]}" for name in STAGES)
    sys.stdout.write(f"{spent_s:5.0f} s  {parts}  {rate:.1f} visits/s{ahead}\n")
    sys.stdout.flush()
