"""The load: one chain, its waves, shoppers and a reviewer, who work whatever is broken."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from incognita_demo import cast
from incognita_demo.api import ApiError
from incognita_demo.photos import Camera
from incognita_demo.reviewer import review
from incognita_demo.settings import MEDIA, STORES_CSV
from incognita_demo.world import Store, read_stores
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from tests.faults.client import IDEMPOTENCY_KEY, Client
from tests.faults.ledger import Ledger
from tests.faults.receiver import Receiver
from tests.faults.visit import ON_ITS_WAY, Trip, course_of

FEW_VISITS = 20
"""When fewer offers than this are left, the next wave is opened."""
SUBSCRIPTIONS = {
    "/standings": ["incognita.standing.changed.v1", "incognita.report.flagged.v1"],
    "/visits": ["incognita.branch.alerted.v1", "incognita.visit.accepted.v1"],
}
"""Path at the receiver → what it subscribes. No event goes to both, so an id tells the path."""


@dataclass
class Load:
    """``parallel`` shoppers are at work at a time, at ``branches`` branches."""

    client: Client
    ledger: Ledger
    receiver: Receiver
    operator_key: str
    seed: int
    parallel: int = 4
    branches: int = 24
    rng: random.Random = field(init=False)
    keys: cast.Keys = field(init=False)
    offers: deque[dict[str, Any]] = field(default_factory=deque)
    waves: list[str] = field(default_factory=list)
    begun: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(f"load {self.seed}")
        self._camera = Camera(MEDIA, self.rng)

    async def prepare(self) -> None:
        """Chain, keys, branches, questionnaire, shoppers, subscriptions: before anything breaks."""
        client = self.client
        rows = read_stores(STORES_CSV, limit=self.branches * 3, rng=self.rng)
        stores = [store for store in rows if _placed(store)][: self.branches]
        self.chain_id, self.keys = await cast.make_chain(client, self.operator_key)
        await cast.import_stores(client, self.keys, stores)
        self.questionnaire_id = await cast.publish_questionnaire(client, self.keys)
        self.shoppers = await cast.hire_shoppers(client, self.keys, stores, self.rng)
        self.programme_id = await cast.make_programme(client, self.keys)
        for path, types in SUBSCRIPTIONS.items():
            made = await self._create(
                "notification",
                "POST /v1/subscriptions",
                {"event_types": types, "target": {"webhook": {"url": self.receiver.url + path}}},
            )
            self.receiver.secrets[path] = made["secret"]
        await self._next_wave()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then end what was begun and wait for the reviewer."""
        reviewed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._review(reviewed))
            try:
                async with asyncio.TaskGroup() as working:
                    working.create_task(self._plan(stop))
                    for _ in range(self.parallel):
                        working.create_task(self._work(stop))
            finally:
                reviewed.set()

    async def _review(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await review(self.client, self.keys.reviewer, stop)
            except ApiError as error:
                self._note("the reviewer", error)

    async def _plan(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if len(self.offers) < FEW_VISITS:
                try:
                    await self._next_wave()
                except ApiError as error:
                    self._note("the planner", error)
            await asyncio.sleep(0.2)

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not self.offers:
                await asyncio.sleep(0.1)
                continue
            visit, number = self.offers.popleft(), self.begun
            self.begun += 1
            rng = random.Random(f"visit {self.seed} {number}")
            key = self.shoppers[visit["shopper_id"]].key
            trip = Trip(self.client, self.ledger, self._camera, rng, visit, key, self.keys.agency)
            try:
                await trip.go(course_of(rng))
            except (ApiError, TimeoutError) as error:
                self._note(f"visit {trip.visit_id}", error)

    def _note(self, who: str, error: Exception) -> None:
        self.ledger.wrong.append(f"{who}: {error!r}"[:600])

    async def _next_wave(self) -> None:
        """Plan a wave, open it, and put its visits to the shoppers."""
        wave = await self._create("assignment", "POST /v1/waves", self._wave())
        path, key = f"/v1/waves/{wave['wave_id']}", self.keys.agency
        self.waves.append(wave["wave_id"])
        try:
            await self.client.call("assignment", f"POST {path}:open", key=key)
        except ApiError as error:
            if error.status != 409:  # the answer to the first request was lost: it is open
                raise
        while True:
            view = await self.client.call("assignment", f"GET {path}", key=key)
            if view["state"] == "open" and not view["busy_with"]:
                break
            await asyncio.sleep(0.2)
        visits = self.client.pages(
            "assignment", f"/v1/visits?wave_id={wave['wave_id']}&state=offered", key=key
        )
        self.offers.extend([visit async for visit in visits])
        self.ledger.did["waves"] += 1

    def _wave(self) -> Mapping[str, Any]:
        nothing = {"amount": "0.00", "currency": "USD"}
        return {
            "programme_id": self.programme_id,
            "name": f"Wave {len(self.waves) + 1}",
            "questionnaire_id": self.questionnaire_id,
            "questionnaire_version": 1,
            "channel": "delivery",
            "scenario": "Order a pizza by phone; pay with a note that needs change.",
            "starts_at": (now() - timedelta(hours=1)).isoformat(),
            "ends_at": (now() + timedelta(days=20)).isoformat(),
            "visits_per_branch": 2,
            "offer_hours": 48,
            "rotation_days": 0,
            "required_skills": ["delivery"],
            "terms": {
                "fee": {"amount": "12.00", "currency": "USD"},
                "purchase_budget": nothing,
                "evidence": [
                    {"kind": "photo", "minimum_count": 1},
                    {"kind": "audio", "minimum_count": 1, "minimum_duration_s": 10},
                ],
            },
        }

    async def _create(self, service: str, request: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make something, twice or more with one key; it must be the same thing."""
        key = new_id()
        made: list[dict[str, Any]] = []
        while len(made) < 2 or self.rng.random() < 0.3:
            answer: dict[str, Any] = await self.client.call(
                service,
                request,
                key=self.keys.agency,
                json=json.loads(json.dumps(body)),
                headers={IDEMPOTENCY_KEY: key},
                wait_while=ON_ITS_WAY | {403},
            )
            self.ledger.answered(key, answer)
            made.append(answer)
        return made[0]


def _placed(store: Store) -> bool:
    try:
        return bool(float(store.row["lat"]) and float(store.row["lon"]))
    except ValueError:
        return False
