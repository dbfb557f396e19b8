"""A real webhook receiver, subscriptions in a real database, and a sender in a hurry."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from incognita_notification.audiences import Audience
from incognita_notification.main import SERVICE
from incognita_notification.repository import create_indexes
from incognita_notification.routes import ROUTERS
from incognita_notification.settings import NotificationSettings, Settings
from incognita_notification.signing import new_secret, rotated
from incognita_shared.auth import API_KEYS, Role, new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import new_id
from incognita_shared.mongo.client import Database
from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    TelemetrySettings,
)

CHAIN = "chain-1"
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


@pytest.fixture
async def receivers() -> AsyncIterator[Callable[[Answer], Awaitable[Receiver]]]:
    """Starts receivers; they are stopped afterwards."""
    servers: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def start(answer: Answer) -> Receiver:
        receiver = Receiver(answer)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await receiver.serve(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                tasks.discard(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        servers.append(server)
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        return receiver

    yield start
    for server in servers:
        server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def settings() -> NotificationSettings:
    """In a hurry, and allowed to reach the loopback."""
    return make_settings()


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


@pytest.fixture
async def db(database: Database) -> Database:
    """An empty database with this service's indexes."""
    await create_indexes(database)
    return database


@pytest.fixture
def app(db: Database, settings: NotificationSettings) -> FastAPI:
    """The real app on the real database."""
    return make_app(db, settings)


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
