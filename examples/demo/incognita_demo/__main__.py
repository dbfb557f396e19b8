"""``make demo``: a whole wave on real stores and real servers, ending in a reconciled account."""

import asyncio
import shutil
import sys
import time

import uvloop
from rich.console import Console

from incognita_demo import results
from incognita_demo.api import Api, ApiError
from incognita_demo.audit import Audit
from incognita_demo.earlier_runs import remove_earlier_runs
from incognita_demo.receiver import receiving
from incognita_demo.reconcile import reconcile
from incognita_demo.settings import STATE, DemoSettings, SettingError
from incognita_demo.trace import tree
from incognita_local import LocalError, ProcessExit, Servers
from incognita_local.services import NotReadyError, Running, running_services
from incognita_shared.ids import new_id

RUN = STATE / "demo"
SHOWN_MOST = 8


def main() -> int:
    """Exit status 0 only if the account is whole."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        settings = DemoSettings.read()
        with Servers(STATE) as environment:
            shutil.rmtree(RUN, ignore_errors=True)
            remove_earlier_runs(environment)
            began = time.monotonic()
            with running_services(
                environment,
                namespace=f"demo-{new_id()[:12]}",
                directory=RUN,
                on_exit=lambda gone: _say_exit(console, gone),
            ) as running:
                console.print(f"five services ready after {time.monotonic() - began:.1f} s")
                return uvloop.run(_demo(settings, running, console))
    except (LocalError, NotReadyError, SettingError, ApiError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


async def _demo(settings: DemoSettings, running: Running, console: Console) -> int:
    async with Api(running.urls, connections=settings.parallel + 8) as api:
        audit = Audit(api, settings, console)
        async with receiving(audit.inbox) as url:
            try:
                await audit.run(running.operator_key, url)
            except* ApiError as errors:
                raise errors.exceptions[0] from None
            return await _report(audit, console, running.supervisor.memory_bytes())


async def _report(audit: Audit, console: Console, memory: dict[str, int]) -> int:
    wave, key = audit.waves[0], audit.keys.agency
    tables = {}
    for by in ("branch", "franchisee", "ownership", "city"):
        tables[by] = await audit.api.call(
            "comparison", f"GET /v1/waves/{wave}/standings?by={by}&limit=500", key=key
        )
    branches = [
        row
        async for row in audit.api.pages(
            "comparison", f"/v1/waves/{wave}/standings?by=branch", key=key
        )
    ]
    ends = [*branches[: SHOWN_MOST // 2], *branches[-SHOWN_MOST // 2 :]]
    lines = await reconcile(
        audit.api, audit.keys, waves=audit.waves, ledger=audit.ledger, inbox=audit.inbox
    )
    whole = all(line.whole for line in lines)
    completed = sum(1 for _ in audit.ledger.completed())
    traced = next((each.visit_id for each in audit.ledger.completed()), "")
    results.show(
        console,
        f"[bold]{results.SIMULATED}[/bold]",
        f"How the estimates are made: {tables['branch']['basis']['method']}",
        results.league("League table, best and last", tables["branch"], ends),
        results.league("Franchise against company", tables["ownership"],
                       tables["ownership"]["items"]),
        results.league("Franchisees", tables["franchisee"],
                       tables["franchisee"]["items"][:SHOWN_MOST]),
        results.league("Cities with the most visits", tables["city"], sorted(
            tables["city"]["items"], key=lambda row: -row["visits"])[:SHOWN_MOST]),
        "Truth: " + results.recovery(branches, audit.quality),
        results.faults(audit.ledger, audit.inbox.flagged),
        f"webhooks: {len(audit.inbox.ids)} received, every signature verified, "
        f"{audit.inbox.repeated} repeated, {audit.inbox.refused} refused",
        results.account(lines),
        f"One visit as one trace (make trace VISIT={traced}):\n"
        + await _trace(traced),
        f"{completed} visits in {audit.seconds:.1f} s: {completed / audit.seconds:.1f} visits/s "
        f"end to end; {audit.api.requests} requests, {audit.api.retries} repeated; "
        f"{audit.ledger.uploaded_bytes / 1e6:.0f} MB of evidence; memory "
        + ", ".join(f"{name} {size / 2**20:.0f} MB" for name, size in memory.items()),
        "Every count is reconciled." if whole else "[red]The account is not whole.[/red]",
    )  # fmt: skip
    return 0 if whole else 1


async def _trace(visit_id: str) -> str:
    await asyncio.sleep(1.5)  # spans are written once a second
    return tree(visit_id, RUN / "traces") or "(no spans)"


def _say_exit(console: Console, gone: ProcessExit) -> None:
    console.print(
        f"[yellow]{gone.name} (pid {gone.pid}) ended with status {gone.returncode}; "
        "it is started again[/yellow]"
    )


if __name__ == "__main__":
    sys.exit(main())
