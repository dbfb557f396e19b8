"""A rescore whose process is killed again and again: every report once, no revision twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer

from incognita_shared.clock import now
from incognita_shared.mongo.client import Database, connect
from incognita_shared.settings import KafkaSettings, MongoSettings, database_name, kafka_name

REPORTS = 400
KILLS = 3


@pytest.fixture
async def database(mongo_settings: MongoSettings, topics: None) -> AsyncIterator[Database]:
    """The database of the service itself, dropped afterwards."""
    client = connect(mongo_settings, "test")
    yield client.get_database(database_name("scoring"))
    await client.drop_database(database_name("scoring"))
    await client.close()


@asynccontextmanager
async def running() -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognita_scoring",
        env={**os.environ, "HTTP_PORT": "0"}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def killed_at(db: Database, state: str, done: int) -> None:
    """Run the service until the job has done so much or left its state, then kill it."""
    async with running() as process, asyncio.timeout(60):
        while True:
            job = await db["rescores"].find_one({})
            assert job is not None
            if job["state"] != state or job["done"] >= done:
                break
            await asyncio.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    # as if its lease had run out; its transaction is still open
    await db["rescores"].update_many({"due_at": {"$exists": True}}, {"$set": {"due_at": now()}})


@pytest.mark.timeout(240)
async def test_a_killed_rescore_goes_on_where_it_stopped(
    db, agency, handle, published, report, corrected, snapshot, kafka_settings: KafkaSettings
) -> None:
    await handle(published, corrected(), *[report() for _ in range(REPORTS)])
    before = await snapshot()
    body = {"wave_id": "wave-1", "questionnaire_version": 4, "reason": "Mended"}
    path = f"/v1/rescores/{(await agency.post('/v1/rescores', json=body)).json()['rescore_id']}"
    for place in range(1, KILLS):
        await killed_at(db, "previewing", place * REPORTS // KILLS)
    await finished(db, agency, path, "previewed")
    assert await snapshot() == before
    await agency.post(f"{path}:apply")
    for place in range(1, KILLS):
        await killed_at(db, "applying", place * REPORTS // KILLS)
    await finished(db, agency, path, "applied")
    after = await snapshot()
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * REPORTS
    assert await db["scores"].distinct("score_revision") == [2]
    job = (await agency.get(path)).json()
    assert (job["summary"]["reports"], job["progress"]["done"]) == (REPORTS, REPORTS)
    assert await said(kafka_settings) == {("scored", 2): REPORTS, ("approved", 2): REPORTS}


async def finished(db: Database, agency, path, state) -> None:
    """Let it be done, and all that is to be said be said."""
    async with running(), asyncio.timeout(60):
        while (await agency.get(path)).json()["state"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while await db["scores"].count_documents({"has_pending": True}):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def said(settings: KafkaSettings) -> Counter[tuple[str, int]]:
    """How often which verb was said of which revision, each event once."""
    consumer = AIOKafkaConsumer(
        kafka_name("scoring.events.v1"), auto_offset_reset="earliest", **settings.connection()
    )
    await consumer.start()
    seen: dict[str, tuple[str, int]] = {}
    try:
        while batch := await consumer.getmany(timeout_ms=3_000):
            for record in (each for records in batch.values() for each in records):
                headers = dict(record.headers)
                verb = headers["ce_type"].decode().split(".")[2]
                revision = int(record.value.split(b'"score_revision":')[1].split(b",")[0])
                seen[headers["ce_id"].decode()] = (verb, revision)
    finally:
        await consumer.stop()
    return Counter(seen.values())
