"""A real webhook receiver, subscriptions, events and time for the tests of this service."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from cryptography.fernet import Fernet
from fastapi import FastAPI

from incognita_notification.audiences import Audience
from incognita_notification.handlers import HANDLERS
from incognita_notification.main import SERVICE
from incognita_notification.routes import ROUTERS
from incognita_notification.samples import sample
from incognita_notification.settings import NotificationSettings, Settings
from incognita_notification.signing import new_secret, rotated
from incognita_shared.auth import API_KEYS, Role, new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.events import Envelope, Event
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import derived_id, new_id, root_span_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.work import Cause, Work
from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    TelemetrySettings,
)

CHAIN = "chain-1"
_HANDLERS = {event.type_name(): handler for event, handler in HANDLERS.items()}
Answer = Callable[["Request"], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """An HTTP server on the loopback that answers as told and remembers what came."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    under_way: int = 0
    most_under_way: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:]
                pairs = (line.split(": ", 1) for line in lines if line)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(headers, body)
                self.requests.append(request)
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
                try:
                    writer.write(await self.answer(request))
                finally:
                    self.under_way -= 1
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def reply(status: int = 200, body: bytes = b"ok", **headers: str) -> bytes:
    """An HTTP answer as bytes."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


def always(status: int = 200, body: bytes = b"ok", **headers: str) -> Answer:
    """The same answer to everybody."""

    async def answer(_: Request) -> bytes:
        return reply(status, body, **headers)

    return answer


def make_settings(**changes: Any) -> NotificationSettings:
    """Settings for tests, with ``changes``."""
    values: dict[str, Any] = {
        "secret_key": Fernet.generate_key().decode(),
        "allow_private_targets": True,
        "retry_delays_s": (0.05, 0.05),
        "timeout_s": 0.5,
        "lease_s": 1.5,
        "poll_s": 0.02,
    }
    return NotificationSettings(**(values | changes))


def make_app(db: Database, settings: NotificationSettings) -> FastAPI:
    """The app with these settings."""
    everything = Settings(
        http=HttpSettings(),
        mongo=MongoSettings(),
        kafka=KafkaSettings(),
        telemetry=TelemetrySettings(),
        auth=AuthSettings(),
        notification=settings,
    )
    return create_app(SERVICE, routers=ROUTERS, db=db, settings=everything, health=Health())


def client_of(app: FastAPI, key: str = "") -> httpx.AsyncClient:
    """A client of the app that calls with ``key``."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://notification",
        headers={"authorization": f"Bearer {key}"} if key else {},
    )


async def add_key(db: Database, role: Role, chain_id: str = CHAIN) -> str:
    """A new key of the chain, as its holder has it."""
    key_id, secret, key = new_api_key()
    await db[API_KEYS].insert_one(
        {
            "_id": key_id,
            "chain_id": chain_id,
            "role": role.value,
            "secret_sha256": secret_sha256(secret),
            "revoked": False,
            "version": 1,
        }
    )
    return key


async def add_subscription(
    db: Database, settings: NotificationSettings, url: str, **changes: Any
) -> tuple[dict[str, Any], str]:
    """A webhook subscription of the agency to everything, and its secret."""
    secret, moment = new_secret(), now()
    document: dict[str, Any] = {
        "_id": new_id(),
        "chain_id": CHAIN,
        "audience": Audience.AGENCY.value,
        "event_types": ["incognita.*"],
        "filter": {},
        "target": {"kind": "webhook", "url": url},
        "active": True,
        "disabled_reason": None,
        "failing_since": None,
        "secrets": rotated((), settings.seal().close(secret), moment),
        "created_at": moment,
        "changed_at": moment,
        "version": 1,
        "asked_sha256": "",
    } | changes
    await db["subscriptions"].insert_one(document)
    return document, secret


async def handle(db: Database, *incoming: tuple[Event, str]) -> None:
    """Let the handlers take events, each with its id, in one transaction."""
    async with db.client.start_session() as session:
        await session.with_transaction(lambda open_session: _batch(db, open_session, incoming))


async def _batch(db: Database, session: Any, incoming: tuple[tuple[Event, str], ...]) -> None:
    work = Work(SERVICE, db, session)
    for event, event_id in incoming:
        visit_id = getattr(event, "visit_id", derived_id("none"))
        envelope = Envelope(
            id=event_id,
            type=event.type_name(),
            source="/incognita/test",
            time=now(),
            subject=event.subject,
            topic=event.topic,
            key=event.key,
            data=b"",
            trace={"traceparent": f"00-{visit_id}-{root_span_id(visit_id)}-01"},
        )
        work.caused_by(Cause(Source(event.topic, 0), envelope.id))
        await _HANDLERS[event.type_name()](Received(event, envelope), work)
    await work.flush()


def approved(chain_id: str = CHAIN, **changes: Any) -> Event:
    """A report that counts."""
    return sample("incognita.report.approved.v1", chain_id).model_copy(update=changes)


async def eventually(check: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
    """Wait until ``check`` holds."""
    deadline = time.monotonic() + within_s
    while not await check():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)
