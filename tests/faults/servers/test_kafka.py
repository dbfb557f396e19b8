"""What a client of Kafka, behind the proxy, sees of the broker's faults."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.faults.servers import FaultableServers


async def _write(bootstrap: str, topic: str, value: bytes) -> None:
    """Raises KafkaError where nobody answers."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        await producer.start()
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def _read(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]


@pytest.fixture
async def topic(servers_at_risk: FaultableServers) -> str:
    name = f"t{secrets.token_hex(5)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers_at_risk.direct["KAFKA_BOOTSTRAP_SERVERS"])
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()
    return name


async def test_a_killed_broker_comes_back_at_its_address_with_its_records(
    servers_at_risk: FaultableServers, topic: str
) -> None:
    bootstrap = servers_at_risk.environment["KAFKA_BOOTSTRAP_SERVERS"]
    await _write(bootstrap, topic, b"before")
    await servers_at_risk.kafka.kill()
    try:
        with pytest.raises(KafkaError):
            await _write(bootstrap, topic, b"meanwhile")
    finally:
        await servers_at_risk.kafka.start()
    await _write(bootstrap, topic, b"after")
    assert await _read(bootstrap, topic, 2) == [b"before", b"after"]


async def test_clients_of_the_proxy_have_no_way_around_it(
    servers_at_risk: FaultableServers, topic: str
) -> None:
    bootstrap = servers_at_risk.environment["KAFKA_BOOTSTRAP_SERVERS"]
    direct = servers_at_risk.direct["KAFKA_BOOTSTRAP_SERVERS"]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, b"before")
        await servers_at_risk.link("kafka").cut()
        try:
            with pytest.raises(TimeoutError):  # the client goes on trying
                await asyncio.wait_for(producer.send_and_wait(topic, b"during"), 1.5)
            await _write(direct, topic, b"direct")
        finally:
            await servers_at_risk.link("kafka").heal()
        await producer.send_and_wait(topic, b"after")
    values = await _read(bootstrap, topic, 3)
    assert values[0] == b"before"
    assert b"direct" in values
