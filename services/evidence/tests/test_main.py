"""The way of one report through the service as it runs: from Kafka to HTTP, back to Kafka."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from incognita_shared.auth import new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.events.assignment import ApiKeyChanged, QuestionnairePublished, VisitAccepted
from incognita_shared.events.codec import encode
from incognita_shared.events.envelope import Event
from incognita_shared.ids import new_id
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.client import connect
from incognita_shared.settings import KafkaSettings, MongoSettings, kafka_name

Make = Callable[..., Any]


@pytest.fixture
async def url(
    topics: None, namespace: str, mongo_settings: MongoSettings, store: Any
) -> AsyncIterator[str]:
    """Where the service listens, once it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognita_evidence",
        env={**os.environ, "HTTP_PORT": "0"}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            async for line in process.stdout:
                record = orjson.loads(line)
                if record["message"] == "listening":
                    break
        found: str = record["url"]
        draining = asyncio.create_task(process.stdout.read())
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            await answers(client, f"{found}/health/ready")
        yield found
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        await draining
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        client = connect(mongo_settings, "test")
        await client.drop_database(f"{namespace}_incognita_evidence")
        await client.close()


async def answers(client: httpx.AsyncClient, url: str) -> None:
    """Wait until it does so with success."""
    while (await client.get(url)).status_code != 200:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)


async def publish(settings: KafkaSettings, *events: Event) -> None:
    async with started_producer(settings, client_id="test") as producer:
        records = [
            encode(event, event_id=new_id(), source="assignment", trace={}) for event in events
        ]
        await producer.publish(records)


async def test_a_visit_from_kafka_is_handed_in_by_http_and_said_on_kafka(
    url: str,
    kafka_settings: KafkaSettings,
    make_visit: Make,
    offered: Make,
    published: QuestionnairePublished,
    declaration: Make,
    submission: Make,
    photo: Make,
    post: Make,
) -> None:
    visit = make_visit()
    key_id, secret, key = new_api_key()
    await publish(
        kafka_settings,
        ApiKeyChanged(
            chain_id=visit.chain_id, key_id=key_id, secret_sha256=secret_sha256(secret),
            role="shopper", shopper_id=visit.shopper_id, revoked=False, version=1,
        ),
        published,
        offered(visit),
        VisitAccepted(
            chain_id=visit.chain_id, visit_id=visit.id, branch_id=visit.branch_id,
            wave_id=visit.wave_id, seq=2, accepted_at=now(),
        ),
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    base = f"{url}/v1/visits/{visit.id}"
    async with httpx.AsyncClient(headers=headers, timeout=30) as shopper, asyncio.timeout(60):
        await answers(shopper, f"{base}/report")
        declared = await shopper.post(f"{base}/uploads", json=declaration(photo()))
        await post(declared.json()["upload"], photo())
        answer = await shopper.post(f"{base}/report:submit", json=submission())
    assert answer.json()["state"] == "completed", answer.text
    assert await said(kafka_settings, 2) == [
        ("incognita.evidence.stored.v1", visit.id, visit.branch_id, visit.id),
        ("incognita.report.completed.v1", visit.id, visit.branch_id, visit.id),
    ]


async def said(settings: KafkaSettings, count: int) -> list[tuple[str, str, str, str]]:
    """Type, subject, key and trace id of the first ``count`` events."""
    consumer = AIOKafkaConsumer(
        kafka_name("evidence.events.v1"),
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            records = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    found = []
    for record in records:
        named = {name: value.decode() for name, value in record.headers}
        trace_id = named["traceparent"].split("-")[1]
        found.append((named["ce_type"], named["ce_subject"], record.key.decode(), trace_id))
    return found
