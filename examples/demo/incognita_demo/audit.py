"""The main job, from import to league table, by one chain and its simulated people."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rich.console import Console

from incognita_demo import cast
from incognita_demo.api import Api
from incognita_demo.ledger import Ledger
from incognita_demo.photos import Camera
from incognita_demo.progress import STAGES, Counts
from incognita_demo.progress import show as show_progress
from incognita_demo.receiver import Inbox
from incognita_demo.reconcile import STANDING
from incognita_demo.reviewer import review
from incognita_demo.settings import MEDIA, STORES_CSV, DemoSettings
from incognita_demo.shopper import Field, Shopper
from incognita_demo.world import Store, read_stores

ROUNDS_MOST = 6
SETTLED_WITHIN_S = 180.0
LATE_SHARE, LATE_MOST = 0.01, 20
LATE_AFTER = timedelta(seconds=30)


@dataclass
class Audit:
    """One run: what was made, what was done."""

    api: Api
    settings: DemoSettings
    console: Console
    inbox: Inbox = field(default_factory=Inbox)
    ledger: Ledger = field(default_factory=Ledger)
    waves: list[str] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)
    offered: int = 0
    seconds: float = 0.0
    keys: cast.Keys = field(init=False)
    import_report: dict[str, Any] = field(init=False)

    async def run(self, operator_key: str, webhook_url: str) -> None:
        """Everything up to the moment when all five services have nothing left to do."""
        rng = random.Random(self.settings.seed)
        stores = read_stores(STORES_CSV, limit=self.settings.stores, rng=rng)
        shoppers = await self._prepare(operator_key, webhook_url, stores, rng)
        self.console.print(f"{len(shoppers)} shoppers set out, {self.settings.parallel} at a time")
        began = time.monotonic()
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(review(self.api, self.keys.reviewer, stop))
            group.create_task(show_progress(self._totals, self._counts, stop, self.console))
            try:
                await self._do_visits(shoppers, rng)
                await self._settle()
            finally:
                stop.set()
        self.seconds = time.monotonic() - began

    async def _prepare(
        self, operator_key: str, webhook_url: str, stores: Sequence[Store], rng: random.Random
    ) -> dict[str, cast.SimulatedShopper]:
        api = self.api
        _, self.keys = await cast.make_chain(api, operator_key)
        _, self.inbox.secret = await cast.subscribe(api, self.keys, webhook_url)
        began = time.monotonic()
        self.import_report = await cast.import_stores(api, self.keys, stores)
        self._say_import(time.monotonic() - began)
        quality = {store.store_id: store.quality for store in stores}
        async for branch in api.pages("assignment", "/v1/branches", key=self.keys.agency):
            self.quality[branch["branch_id"]] = quality[branch["store_id"]]
        questionnaire = await cast.publish_questionnaire(api, self.keys)
        shoppers = await cast.hire_shoppers(api, self.keys, stores, rng)
        programme = await cast.make_programme(api, self.keys)
        late = rng.sample(stores, min(LATE_MOST, max(2, round(len(stores) * LATE_SHARE))))
        for name, lasts, chosen in (
            ("Evening deliveries", timedelta(days=30), []),
            ("Flash check, due in seconds", LATE_AFTER, [store.store_id for store in late]),
        ):
            wave = await cast.open_wave(
                api, self.keys, name=name, programme_id=programme,
                questionnaire_id=questionnaire, lasts=lasts, store_ids=chosen,
            )  # fmt: skip
            self.waves.append(wave)
        for wave in self.waves:
            await self._offered(wave)
        return shoppers

    def _say_import(self, seconds: float) -> None:
        report = self.import_report
        self.console.print(
            f"imported {report['created']} of {report['rows']} stores in {seconds:.1f} s, "
            f"{report['rejected']} rejected, {report['warnings']} warnings"
            + ("; the first of them:" if report["problems"] else "")
        )
        for problem in report["problems"][:3]:
            self.console.print(
                f"  row {problem['row']}, {problem['field']}: {problem['cause']} "
                f"({problem['severity']})",
                highlight=False,
            )

    async def _offered(self, wave: str) -> None:
        """Wait until the wave has offered all it can."""
        while True:
            view = await self.api.call("assignment", f"GET /v1/waves/{wave}", key=self.keys.agency)
            if view["state"] == "open" and not view["busy_with"]:
                break
            await asyncio.sleep(0.2)
        progress = view["progress"]
        self.offered += progress["offered"]
        self.console.print(
            f"wave “{view['name']}”: {progress['offered']} visits offered, "
            f"unmatched: {progress['unmatched'] or 'none'}",
            highlight=False,
        )

    async def _do_visits(
        self, shoppers: dict[str, cast.SimulatedShopper], rng: random.Random
    ) -> None:
        """Rounds of work until nothing is offered, returned or declined any more."""
        shared = Field(
            api=self.api,
            camera=Camera(MEDIA, rng),
            ledger=self.ledger,
            quality=self.quality,
            late_waves=set(self.waves[1:]),
            rng=rng,
        )
        crew = {name: Shopper(who, shared) for name, who in shoppers.items()}
        main, flash = self.waves
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rush(crew, flash))
            await self._round(crew, main, may_decline=True)
        await self.api.call("assignment", f"POST /v1/waves/{main}:reoffer", key=self.keys.agency)
        await self._idle(main)
        for _ in range(ROUNDS_MOST):
            done = await self._round(crew, main, may_decline=False)
            if not done and await self._nothing_waits():
                return
            await asyncio.sleep(0.5)

    async def _rush(self, crew: Mapping[str, Shopper], wave: str) -> None:
        """The flash wave: whoever has an offer looks at once, for it ends in seconds."""
        visits = self.api.pages("assignment", f"/v1/visits?wave_id={wave}", key=self.keys.agency)
        names = {visit["shopper_id"] async for visit in visits}
        await asyncio.gather(*(crew[name].work(wave, may_decline=False) for name in sorted(names)))

    async def _round(self, crew: Mapping[str, Shopper], wave: str, *, may_decline: bool) -> int:
        """Every shopper looks once and does what there is; so many at a time."""
        gate = asyncio.Semaphore(self.settings.parallel)

        async def at_work(one: Shopper) -> int:
            async with gate:
                return await one.work(wave, may_decline=may_decline)

        return sum(await asyncio.gather(*(at_work(one) for one in crew.values())))

    async def _idle(self, wave: str) -> None:
        while True:
            view = await self.api.call("assignment", f"GET /v1/waves/{wave}", key=self.keys.agency)
            if not view["busy_with"]:
                return
            await asyncio.sleep(0.2)

    async def _nothing_waits(self) -> bool:
        states = await self._states()
        return not any(states[name] for name in ("offered", "accepted", "returned", "reported"))

    async def _states(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for wave in self.waves:
            counts = await self.api.call(
                "assignment", f"GET /v1/waves/{wave}/counts", key=self.keys.agency
            )
            for name, number in counts["by_state"].items():
                total[name] = total.get(name, 0) + number
        return total

    async def _settle(self) -> None:
        """Wait until the last event has come to the last service."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN_S):
                while time.monotonic() < deadline:
                    states, found = await self._states(), await self._counts()
                    approved = states["approved"]
                    if (
                        not any(states[name] for name in ("accepted", "reported", "returned"))
                        and found["compared"] == approved == found["notified"]
                    ):
                        return
                    await asyncio.sleep(0.5)

    async def _counts(self) -> Counts:
        states = await self._states()
        found = dict.fromkeys(STAGES, 0)
        found["offered"] = sum(states.values())
        found["reported"] = sum(states[name] for name in ("reported", "approved", "rejected"))
        for wave in self.waves:
            counts = await self.api.call(
                "comparison", f"GET /v1/waves/{wave}/counts", key=self.keys.agency,
                wait_while=frozenset({401, 404}),
            )  # fmt: skip
            found["scored"] += counts["scored"]
            found["compared"] += counts["approved"]
        found["notified"] = len(self.inbox.visits[STANDING])
        return found

    def _totals(self) -> Counts:
        declined = sum(entry.declined for entry in self.ledger.visits.values())
        known = max(self.offered, len(self.ledger.visits) - declined)
        return {**dict.fromkeys(STAGES, known), "offered": known + declined}
