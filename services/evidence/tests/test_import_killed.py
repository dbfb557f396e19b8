"""An import whose process is killed in the middle, sent again: every report once, and said once."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from incognita_evidence.visit import Visit
from incognita_shared.auth import API_KEYS, new_api_key, secret_sha256
from incognita_shared.mongo.client import connect
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.settings import KafkaSettings, MongoSettings, database_name, kafka_name

Make = Callable[..., Any]
LINES = 3_000


@asynccontextmanager
async def running() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The service in a process of its own, ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognita_evidence",
        env={**os.environ, "HTTP_PORT": "0"}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            async for line in process.stderr:
                record = orjson.loads(line)
                if record["message"] == "listening":
                    break
        draining = asyncio.create_task(process.stderr.read())
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            url: str = record["url"]
            while (await client.get(f"{url}/health/ready")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await draining


@pytest.fixture
async def service_db(mongo_settings: MongoSettings, store: Any) -> AsyncIterator[Any]:
    """The database of the service, dropped afterwards."""
    client = connect(mongo_settings, "test")
    yield client.get_database(database_name("evidence"))
    await client.drop_database(database_name("evidence"))
    await client.close()


async def test_an_import_killed_in_the_middle_is_whole_when_sent_again(
    topics: None, service_db: Any, kafka_settings: KafkaSettings, make_visit: Make,
    questionnaire: Questionnaire, submission: Make,
) -> None:  # fmt: skip
    visits = [make_visit(evidence=()) for _ in range(LINES)]
    key = await seed(service_db, visits, questionnaire)
    body = b"\n".join(
        json.dumps({"visit_id": visit.id, "idempotency_key": "k", **submission()}).encode()
        for visit in visits
    )
    async with running() as (process, url):
        sending = asyncio.create_task(send(url, key, body))
        while await service_db["reports"].estimated_document_count() == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            await sending
    assert 0 < await service_db["reports"].count_documents({}) < LINES
    async with running() as (_, url):
        answer = (await send(url, key, body)).json()
        assert (answer["accepted"], answer["refused"]) == (LINES, 0)
        assert await service_db["reports"].count_documents({}) == LINES
        events = await said(kafka_settings, LINES)
    assert {visit_id: len(ids) for visit_id, ids in events.items()} == {
        visit.id: 1 for visit in visits
    }


async def send(url: str, key: str, body: bytes) -> httpx.Response:
    """One import."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(timeout=120) as client:
        return await client.post(f"{url}/v1/reports:import", content=body, headers=headers)


async def seed(db: Any, visits: list[Visit], questionnaire: Questionnaire) -> str:
    """What the handlers would have written; an agency's key."""
    key_id, secret, key = new_api_key()
    await db[API_KEYS].insert_one(
        {"_id": key_id, "chain_id": "chain-a", "secret_sha256": secret_sha256(secret),
         "role": "agency", "revoked": False, "version": 1}
    )  # fmt: skip
    definition = questionnaire.model_dump(mode="json")
    await db["questionnaires"].insert_one(
        {"_id": "counter:1", "chain_id": "chain-a", "definition": definition}
    )
    documents = [
        {"_id": visit.id, **visit.model_dump(exclude={"id", "due_at"}), "due_at": visit.due_at}
        for visit in visits
    ]
    await db["visits"].insert_many(documents)
    return key


async def said(settings: KafkaSettings, count: int) -> dict[str, set[str]]:
    """Visit → the ids of its events, once ``count`` visits have one."""
    consumer = AIOKafkaConsumer(
        kafka_name("evidence.events.v1"),
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="earliest",
    )
    found: dict[str, set[str]] = {}
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        named = {name: value.decode() for name, value in record.headers}
                        found.setdefault(named["ce_subject"], set()).add(named["ce_id"])
    finally:
        await consumer.stop()
    return found
