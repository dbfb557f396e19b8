"""A chain to build up: questionnaire, branches, shoppers, waves; its app, and its planner."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_assignment.branches import new_branch
from incognita_assignment.handlers import HANDLERS
from incognita_assignment.keys import new_key
from incognita_assignment.planner import Planner
from incognita_assignment.repository.branches import write_branches
from incognita_assignment.repository.questionnaires import version_id
from incognita_assignment.routes import ROUTERS
from incognita_assignment.rules import WaveMove
from incognita_assignment.schemas.keys import NewKey
from incognita_assignment.schemas.waves import WaveBody
from incognita_assignment.visit import Visit
from incognita_assignment.wave import Wave
from incognita_assignment.waves import create_wave, get_wave, move_wave
from incognita_shared.auth import API_KEYS, Role
from incognita_shared.clock import now
from incognita_shared.events import EVENT_TYPES, Envelope, Event
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.work import Cause, Work
from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.settings import AuthSettings, HttpSettings

from .questionnaire import QUESTIONNAIRE


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 60) -> None:
    """Wait until it holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(within_s):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Settings:
    """What the app needs."""

    http: HttpSettings = field(default_factory=HttpSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)


@dataclass
class World:
    """One chain, and hands to build it up and to play what happens to it."""

    db: Database
    chain_id: str = field(default_factory=new_id)
    programme_id: str = field(default_factory=new_id)
    questionnaire_id: str = field(default_factory=new_id)
    branch_ids: list[str] = field(default_factory=list)
    shopper_ids: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """The programme and a published questionnaire."""
        await self.db["programmes"].insert_one(
            {
                "_id": self.programme_id,
                "chain_id": self.chain_id,
                "name": "Delivery",
                "purpose": "",
                "created_at": now(),
            }
        )
        await self.publish(1, QUESTIONNAIRE)

    async def publish(self, version: int, definition: Mapping[str, Any]) -> None:
        """A published version of the world's questionnaire."""
        sound = Questionnaire.model_validate(definition)
        assert check_questionnaire(sound) == []
        await self.db["questionnaires"].insert_one(
            {
                "_id": version_id(self.questionnaire_id, version),
                "chain_id": self.chain_id,
                "questionnaire_id": self.questionnaire_id,
                "version": version,
                "state": "published",
                "title": [],
                "created_at": now(),
                "published_at": now(),
                "definition": sound.model_dump_json(),
            }
        )

    async def branches(self, count: int, **fields: Any) -> list[str]:
        """Branches on the equator, one degree apart."""
        first = len(self.branch_ids)
        documents = [
            new_branch(
                self.chain_id,
                f"S{number}",
                {
                    "name": f"Store {number}",
                    "address": f"{number} Main St",
                    "city": "Westland",
                    "region": "MI",
                    "position": {"latitude": 0, "longitude": number % 170},
                    "time_zone": "America/Detroit",
                    "opening_hours": {"mon": [["09:00", "17:00"]]},
                    **fields,
                },
            )
            for number in range(first, first + count)
        ]
        await write_branches(self.db, self.chain_id, documents, [])
        self.branch_ids += [document["_id"] for document in documents]
        return self.branch_ids[first:]

    async def shoppers(self, count: int, **fields: Any) -> list[str]:
        """Shoppers who live beside the branches of the same number."""
        first = len(self.shopper_ids)
        documents = [
            {
                "_id": f"shopper-{self.chain_id[:8]}-{number:04}",
                "chain_id": self.chain_id,
                "name": f"Shopper {number}",
                "email_key": f"s{number}@example.org",
                "home": {"latitude": 0.01, "longitude": number % 170},
                "skills": [],
                "languages": ["en"],
                "capacity": 5,
                "active": True,
                **fields,
            }
            for number in range(first, first + count)
        ]
        await self.db["shoppers"].insert_many(documents)
        self.shopper_ids += [document["_id"] for document in documents]
        return self.shopper_ids[first:]

    def wave_body(self, **fields: Any) -> dict[str, Any]:
        """The JSON of a wave that has begun and lasts a day."""
        return {
            "programme_id": self.programme_id,
            "name": "Spring",
            "questionnaire_id": self.questionnaire_id,
            "questionnaire_version": 1,
            "channel": "visit",
            "scenario": "Ask for the largest pizza.",
            "starts_at": (now() - timedelta(hours=1)).isoformat(),
            "ends_at": (now() + timedelta(days=1)).isoformat(),
            "terms": {
                "fee": {"amount": "12.00", "currency": "USD"},
                "purchase_budget": {"amount": "8.50", "currency": "USD"},
                "evidence": [{"kind": "photo"}],
            },
            **fields,
        }

    async def wave(self, **fields: Any) -> Wave:
        """A draft."""
        body = WaveBody.model_validate(self.wave_body(**fields))
        return await create_wave(self.db, self.chain_id, body, None)

    async def move(self, wave: Wave, move: WaveMove, *, reason: str | None = None) -> Wave:
        """Move the wave and let the planner do what it waits for."""
        await move_wave(self.db, self.chain_id, wave.wave_id, move, reason=reason)
        await self.plan()
        return await get_wave(self.db, self.chain_id, wave.wave_id)

    async def open_wave(self, **fields: Any) -> Wave:
        """A wave with all its offers made."""
        return await self.move(await self.wave(**fields), WaveMove.OPEN)

    async def plan(self, owner: str = "planner") -> None:
        """Let the planner run until no wave waits."""
        stop = asyncio.Event()
        planner = Planner(self.db, health=Health(), owner=owner, idle_s=0.01)
        running = asyncio.create_task(planner.run(stop))
        await until(self._nothing_waits)
        stop.set()
        await running

    async def _nothing_waits(self) -> bool:
        return not await self.db["waves"].count_documents({"job": {"$type": "string"}})

    async def visits(self, wave: Wave | None = None) -> list[Visit]:
        """The chain's visits, by branch and number."""
        where = {"chain_id": self.chain_id, **({"wave_id": wave.wave_id} if wave else {})}
        found = [Visit.of_document(each) async for each in self.db["visits"].find(where)]
        return sorted(found, key=lambda visit: (visit.branch_id, visit.number))

    async def visit(self, visit_id: str) -> Visit:
        """The visit as it is now."""
        found = await self.db["visits"].find_one({"_id": visit_id})
        assert found is not None
        return Visit.of_document(found)

    async def set_visit(self, visit: Visit, **fields: Any) -> Visit:
        """Put a visit into a state that takes long to reach."""
        await self.db["visits"].update_one(
            {"_id": visit.visit_id}, {"$set": fields, "$inc": {"version": 1}}
        )
        return await self.visit(visit.visit_id)

    async def events(self, visit_id: str) -> list[Event]:
        """What the visit has said and the relay has not taken, in order."""
        found = await self.db["visits"].find_one({"_id": visit_id})
        assert found is not None
        return [
            EVENT_TYPES[headers["ce_type"]].model_validate_json(each["value"])
            for each in found["pending"]
            if (headers := {name: bytes(raw).decode() for name, raw in each["headers"]})
        ]

    async def play(self, *events: Event, times: int = 2) -> None:
        """Handle each event as often as said, with the same event id, one transaction each."""
        for event in events:
            envelope = _envelope(event)
            for _ in range(times):
                await self._handle(Received(event, envelope))

    async def _handle(self, received: Received[Any]) -> None:
        async def handle(session: AsyncClientSession) -> None:
            work = Work("assignment", self.db, session)
            work.caused_by(Cause(Source(received.event.topic, 0), received.envelope.id))
            await HANDLERS[type(received.event)](received, work)
            await work.flush()

        async with self.db.client.start_session() as session:
            await session.with_transaction(handle)

    async def play_at_once(self, *events: Event) -> list[str]:
        """Handle the events in one batch, as the consumer does; the types said with the batch."""
        said: list[str] = []

        async def handle(session: AsyncClientSession) -> None:
            work = Work("assignment", self.db, session)
            await work.load({"visits": {event.subject for event in events}})
            for event in events:
                envelope = _envelope(event)
                work.caused_by(Cause(Source(event.topic, 0), envelope.id))
                await HANDLERS[type(event)](Received(event, envelope), work)
            await work.flush()
            records = [each for batch in work.records().values() for each in batch]
            said[:] = [dict(record.headers)["ce_type"].decode() for record in records]

        async with self.db.client.start_session() as session:
            await session.with_transaction(handle)
        return said

    async def client(self, role: Role, **bound: Any) -> httpx.AsyncClient:
        """The API in this role."""
        document, key = new_key(self.chain_id, NewKey(role=role, name="test", **bound))
        await self.db[API_KEYS].insert_one(document)
        app = create_app(
            "assignment", routers=ROUTERS, db=self.db, settings=Settings(), health=Health()
        )
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://assignment",
            headers={"Authorization": f"Bearer {key}"},
        )


def _envelope(event: Event) -> Envelope:
    return Envelope(
        id=new_id(),
        type=event.type_name(),
        source="/incognita/test",
        time=now(),
        subject=event.subject,
        topic=event.topic,
        key=event.key,
        data=b"",
    )
