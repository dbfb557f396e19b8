"""Processes that are killed while they remove files: in the end all are gone, each noted once."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from incognita_evidence.report import ReportState
from incognita_shared.clock import now
from incognita_shared.mongo.client import connect
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import MongoSettings, database_name

Make = Callable[..., Any]
REPORTS = 80
KILLS = 3


@asynccontextmanager
async def running() -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, which begins to remove by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognita_evidence",
        env={**os.environ, "HTTP_PORT": "0"},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def service_db(mongo_settings: MongoSettings, store: ObjectStore) -> AsyncIterator[Any]:
    """The database of the service, dropped afterwards."""
    client = connect(mongo_settings, "test")
    yield client.get_database(database_name("evidence"))
    await client.drop_database(database_name("evidence"))
    await client.close()


async def test_what_killed_processes_left_is_finished_and_nothing_is_noted_twice(
    topics: None, service_db: Any, store: ObjectStore, make_visit: Make, make_report: Make,
    make_item: Make,
) -> None:  # fmt: skip
    keys = [await seed(service_db, store, make_report, make_visit, make_item)
            for _ in range(REPORTS)]  # fmt: skip
    rng = random.Random(7)
    for number in range(1, KILLS + 1):
        async with running() as process:
            pause_s = rng.uniform(0.001, 0.02)
            await until_removed(service_db, REPORTS * number // (KILLS + 1), pause_s=pause_s)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert await removed(service_db) < REPORTS
        # another process takes over when the lease has run out, of which a minute is left
        await service_db["sweeps"].update_many({}, {"$set": {"until": now()}})
    async with running(), asyncio.timeout(90):
        await until_removed(service_db, REPORTS, pause_s=0.1)
    async for report in service_db["reports"].find():
        (item,) = report["items"]
        assert [link["what"] for link in item["custody"]] == ["removed"]
        assert report["next_removal_at"] is None
    for key in keys:
        assert await store.head(key) is None


async def until_removed(db: Any, number: int, *, pause_s: float) -> None:
    while await removed(db) < number:  # noqa: ASYNC110
        await asyncio.sleep(pause_s)


async def removed(db: Any) -> int:
    return int(await db["reports"].count_documents({"items.state": "removed"}))


async def seed(
    db: Any, store: ObjectStore, make_report: Make, make_visit: Make, make_item: Make
) -> str:
    """A report whose one file is due; its object's key."""
    visit, due = make_visit(), now() - timedelta(hours=1)
    item = make_item(object_key=f"chain-a/{visit.id}/file", remove_at=due)
    report = make_report(visit, state=ReportState.COMPLETED, items=(item,), next_removal_at=due)
    fields = report.model_dump(exclude={"id", "version"})
    await db["reports"].insert_one({"_id": visit.id, **fields, "version": 1})
    await store.run(
        "PutObject",
        item.object_key,
        lambda client: client._put_object(store.bucket, item.object_key, b"1", {}),
    )
    return str(item.object_key)
