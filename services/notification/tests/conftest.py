"""Fixtures of this service's tests; what they are made of is in ``notification_bench``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fastapi import FastAPI
from notification_bench import Answer, Receiver, make_app, make_settings

from incognita_notification.repository import create_indexes
from incognita_notification.sender import Sender, made_sender
from incognita_notification.settings import NotificationSettings
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database


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


@pytest.fixture
async def db(database: Database) -> Database:
    """An empty database with this service's indexes."""
    await create_indexes(database)
    return database


@pytest.fixture
def app(db: Database, settings: NotificationSettings) -> FastAPI:
    """The real app on the real database."""
    return make_app(db, settings)


@pytest.fixture
def sending(
    db: Database, settings: NotificationSettings
) -> Callable[..., AbstractAsyncContextManager[Sender]]:
    """Runs a sender for as long as the block lasts."""

    @asynccontextmanager
    async def run(own: NotificationSettings = settings) -> AsyncIterator[Sender]:
        stop = asyncio.Event()
        async with made_sender(db, own, Health()) as sender:
            task = asyncio.create_task(sender.run(stop))
            try:
                yield sender
            finally:
                stop.set()
                await task

    return run
