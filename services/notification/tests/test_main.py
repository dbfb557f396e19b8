"""The whole service as processes of its own: from Kafka to the receiver, over kill -9."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from cryptography.fernet import Fernet
from notification_bench import (
    CHAIN,
    Answer,
    Receiver,
    add_key,
    always,
    approved,
    eventually,
)
from standardwebhooks import Webhook

from incognita_shared.auth import Role
from incognita_shared.events.codec import decode, encode, envelope_of
from incognita_shared.events.notification import EVENTS, DeliverySucceeded
from incognita_shared.ids import new_id, root_span_id
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.client import Database, connect
from incognita_shared.settings import KafkaSettings, MongoSettings, database_name, kafka_name

Receivers = Callable[[Answer], Awaitable[Receiver]]
EVENTS_SENT = 200


class Service:
    """One process of the service."""

    def __init__(self, directory: Path, number: int) -> None:
        self._log = directory / f"notification-{number}.log"
        self._environment = {
            **os.environ,
            "HTTP_PORT": "0",
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "NOTIFICATION_ALLOW_PRIVATE_TARGETS": "true",
            "NOTIFICATION_TIMEOUT_S": "2",
            "NOTIFICATION_LEASE_S": "3",
        }
        self.url = ""

    async def start(self) -> None:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "incognita_notification", env=self._environment, stderr=log
            )
        await eventually(self._listening, within_s=60)
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def ready() -> bool:
                return (await client.get("/health/ready")).status_code == 200

            await eventually(ready, within_s=60)

    async def _listening(self) -> bool:
        assert self._process.returncode is None, self._log.read_text()
        for line in self._log.read_bytes().splitlines():
            said = orjson.loads(line)
            self.url = said.get("url", self.url)
        return bool(self.url)

    async def end(self, number: signal.Signals) -> int:
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()


@pytest.fixture
async def own_database(mongo_settings: MongoSettings, namespace: str) -> AsyncIterator[Database]:
    """The database that the processes use, dropped afterwards."""
    client = connect(mongo_settings, "test")
    try:
        yield client.get_database(database_name("notification"))
    finally:
        await client.drop_database(database_name("notification"))
        await client.close()


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    try:
        await asyncio.gather(*(service.start() for service in services))
        yield
    finally:
        await asyncio.gather(*(service.end(signal.SIGKILL) for service in services))


async def publish(settings: KafkaSettings, count: int) -> list[str]:
    ids: list[str] = []
    records = []
    for at in range(count):
        visit_id, event_id = new_id(), new_id()
        event = approved(visit_id=visit_id, branch_id=f"branch-{at % 12}")
        trace = {"traceparent": f"00-{visit_id}-{root_span_id(visit_id)}-01"}
        records.append(encode(event, event_id=event_id, source="scoring", trace=trace))
        ids.append(event_id)
    async with started_producer(settings, client_id="test") as producer:
        await producer.publish(records)
    return ids


async def succeeded(settings: KafkaSettings) -> list[DeliverySucceeded]:
    reader = AIOKafkaConsumer(**settings.connection())
    await reader.start()
    try:
        found = [TopicPartition(kafka_name(EVENTS), number) for number in range(12)]
        reader.assign(found)
        await reader.seek_to_beginning(*found)
        ends = await reader.end_offsets(found)
        events = []
        while any([await reader.position(each) < ends[each] for each in found]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    envelope = envelope_of(
                        topic=EVENTS, key=record.key, value=record.value, headers=record.headers
                    )
                    events.append(decode(envelope, DeliverySucceeded))
        return events
    finally:
        await reader.stop()


@pytest.mark.timeout(240)
async def test_every_event_reaches_the_receiver_although_a_process_is_killed(
    own_database: Database,
    kafka_settings: KafkaSettings,
    topics: None,
    receivers: Receivers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFICATION_SECRET_KEY", Fernet.generate_key().decode())
    receiver = await receivers(always())
    first, second = Service(tmp_path, 1), Service(tmp_path, 2)
    async with running(first, second):
        key = await add_key(own_database, Role.AGENCY)
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}) as client:
            wanted = {
                "event_types": ["incognita.report.*"],
                "target": {"webhook": {"url": receiver.url}},
            }
            made = await client.post(first.url + "/v1/subscriptions", json=wanted)
            assert made.status_code == 201, made.text
            secret = made.json()["secret"]
            sent = await publish(kafka_settings, EVENTS_SENT)
            await eventually(lambda: _at_least(receiver, EVENTS_SENT // 4), within_s=60)
            await first.end(signal.SIGKILL)

            async def all_succeeded() -> bool:
                counts = (await client.get(second.url + "/v1/deliveries:counts")).json()
                return bool(counts["succeeded"] == EVENTS_SENT == counts["total"])

            await eventually(all_succeeded, within_s=90)

            async def all_published() -> bool:
                return await own_database["deliveries"].count_documents({"has_pending": True}) == 0

            await eventually(all_published, within_s=60)
        assert await second.end(signal.SIGTERM) == 0
    times = Counter(request.headers["webhook-id"] for request in receiver.requests)
    assert set(times) == set(sent)
    for request in receiver.requests:
        said = Webhook(secret).verify(request.body, request.headers)
        assert said["data"]["chain_id"] == CHAIN
        assert request.headers["traceparent"].split("-")[1] == said["data"]["visit_id"]
    told = Counter(event.event_id for event in await succeeded(kafka_settings))
    assert set(told) == set(sent)


async def _at_least(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) >= count


async def test_without_its_key_the_service_says_what_is_missing(namespace: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NOTIFICATION_SECRET_KEY"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "incognita_notification",
        env=environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert b"NOTIFICATION_SECRET_KEY" in said
    assert b"Traceback" not in said
