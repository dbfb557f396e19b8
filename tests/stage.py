"""A chain made ready through the public API: people, stores, questionnaire, an open wave."""

import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import Response

from incognita_demo import cast
from incognita_demo.api import Api
from incognita_demo.photos import Camera
from incognita_demo.receiver import Inbox, receiving
from incognita_demo.settings import MEDIA, STORES_CSV
from incognita_demo.world import read_stores
from tests.phone import Phone
from tests.system import System, eventually

SEED = 7
Json = dict[str, Any]


@dataclass
class Letterbox(Inbox):
    """An inbox that keeps the trace context of what it takes. ``parents``: visit → contexts."""

    parents: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    async def receive(self, request: Request) -> Response:
        """As the demo's inbox does; the headers of messages with a good signature are kept."""
        answer = await super().receive(request)
        if answer.status_code < 300:
            data = (await request.json())["data"]
            self.parents[data["visit_id"]].append(request.headers.get("traceparent", ""))
        return answer


@dataclass
class Stage:
    """``wave_id`` is open, and each branch of the chain has one visit in it."""

    system: System
    api: Api
    inbox: Letterbox
    rng: random.Random
    camera: Camera
    chain_id: str
    keys: cast.Keys
    subscription_id: str
    shoppers: dict[str, cast.SimulatedShopper]
    questionnaire_id: str
    programme_id: str
    wave_id: str
    visits: deque[Json]

    @classmethod
    @asynccontextmanager
    async def opened(cls, system: System, api: Api, *, stores: int) -> AsyncIterator[Self]:
        """A chain of so many stores whose positions are known, with a webhook that works."""
        rng, inbox = random.Random(SEED), Letterbox()
        placed = [one for one in read_stores(STORES_CSV, limit=stores * 2, rng=rng) if _placed(one)]
        async with receiving(inbox) as url:
            chain_id, keys = await cast.make_chain(api, system.running.operator_key)
            subscription_id, inbox.secret = await cast.subscribe(api, keys, url)
            await cast.import_stores(api, keys, placed[:stores])
            questionnaire_id = await cast.publish_questionnaire(api, keys)
            shoppers = await cast.hire_shoppers(api, keys, placed[:stores], rng)
            programme_id = await cast.make_programme(api, keys)
            wave_id = await cast.open_wave(
                api,
                keys,
                name="Evening deliveries",
                programme_id=programme_id,
                questionnaire_id=questionnaire_id,
                lasts=timedelta(days=30),
            )
            stage = cls(
                system, api, inbox, rng, Camera(MEDIA, rng), chain_id, keys, subscription_id,
                shoppers, questionnaire_id, programme_id, wave_id, deque(),
            )  # fmt: skip
            await stage.idle()
            stage.visits.extend(await stage.in_state("offered"))
            assert len(stage.visits) == stores
            for key in (keys.agency, keys.reviewer, keys.manager):
                await system.known_everywhere(key)
            yield stage

    def next_visit(self) -> Phone:
        """A visit that no other scenario has touched, as its shopper holds it."""
        return Phone(self, self.visits.popleft())

    async def ask(self, service: str, request: str, json: Json | None = None) -> Any:
        """A request by the agency, repeated while it may succeed later."""
        return await self.api.call(service, request, key=self.keys.agency, json=json)

    async def idle(self) -> None:
        """Wait until the wave is open and the planner has nothing to do for it."""

        async def ready() -> bool:
            wave = await self.ask("assignment", f"GET /v1/waves/{self.wave_id}")
            return wave["state"] == "open" and not wave["busy_with"]

        await eventually(ready, "the wave is open")

    async def in_state(self, state: str) -> list[Json]:
        """The wave's visits in a state."""
        path = f"/v1/visits?wave_id={self.wave_id}&state={state}"
        return [one async for one in self.api.pages("assignment", path, key=self.keys.agency)]

    async def reaches(self, phone: Phone, state: str) -> Json:
        """Wait until assignment has the visit in ``state``."""

        async def there() -> Json | None:
            visit: Json = await self.ask("assignment", f"GET /v1/visits/{phone.visit_id}")
            return visit if visit["state"] == state else None

        return await eventually(there, f"visit {phone.visit_id} is {state}") or {}

    async def waits_for_review(self, phone: Phone, revision: int = 1) -> Json:
        """Wait until reviewers can decide on this revision of the report."""

        async def there() -> Json | None:
            for row in (await self.ask("scoring", "GET /v1/reviews?state=waiting&limit=500"))[
                "items"
            ]:
                if row["visit_id"] == phone.visit_id and row["report_revision"] == revision:
                    found: Json = row
                    return found
            return None

        return await eventually(there, f"report {phone.visit_id} waits for review") or {}

    async def decide(self, phone: Phone, verb: str, revision: int = 1, **words: str) -> None:
        """The reviewer approves, returns or rejects."""
        await self.api.call(
            "scoring",
            f"POST /v1/reviews/{phone.visit_id}:{verb}",
            key=self.keys.reviewer,
            json={"report_revision": revision, **words},
        )

    async def standing(self, branch_id: str) -> Json | None:
        """The branch's row in the league table; None while it has none."""
        answer = await self.system.ask(
            "comparison",
            f"GET /v1/waves/{self.wave_id}/standings/{branch_id}",
            key=self.keys.agency,
        )
        return answer.json() if answer.is_success else None

    async def compared(self, phone: Phone) -> Json:
        """Wait until the visit counts in the league table; its branch's row."""
        found = await eventually(lambda: self.standing(phone.branch_id), "the visit is compared")
        return found or {}

    async def payouts(self, phone: Phone) -> list[Json]:
        """What the shopper gets for this visit."""
        path = f"/v1/payouts?wave_id={self.wave_id}"
        pages = self.api.pages("assignment", path, key=self.keys.agency)
        return [one async for one in pages if one["visit_id"] == phone.visit_id]

    async def counts(self) -> Json:
        """What each service has of this chain: to show that nothing has changed."""
        api, key, wave = self.api, self.keys.agency, self.wave_id
        lists = {
            "branches": ("assignment", "/v1/branches"),
            "questionnaires": ("assignment", "/v1/questionnaires"),
            "waves": ("assignment", "/v1/waves"),
            "shoppers": ("assignment", "/v1/shoppers"),
            "payouts": ("assignment", "/v1/payouts"),
            "reports": ("evidence", "/v1/reports"),
            "scores": ("scoring", "/v1/scores"),
            "subscriptions": ("notification", "/v1/subscriptions"),
        }
        found: Json = {
            name: [one async for one in api.pages(service, path, key=key)]
            for name, (service, path) in lists.items()
        }
        found["visits"] = await self.ask("assignment", f"GET /v1/waves/{wave}/counts")
        found["compared"] = await self.ask("comparison", f"GET /v1/waves/{wave}/counts")
        found["deliveries"] = await self.ask("notification", "GET /v1/deliveries:counts")
        return found


def _placed(store: Any) -> bool:
    try:
        return bool(float(store.row["lat"]) and float(store.row["lon"]))
    except ValueError:
        return False
