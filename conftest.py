"""Fixtures of all tests: the real servers, and names of one's own on them."""

import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo.asynchronous.database import AsyncDatabase

from incognita_local import Servers
from incognita_shared.kafka.topics import ensure_topics
from incognita_shared.mongo.client import connect
from incognita_shared.settings import (
    NAMESPACE,
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    kafka_name,
)

pytest_plugins = ["support.plans"]


def pytest_sessionstart() -> None:
    """A run that is told to end takes its servers and services with it, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """The environment that names Kafka, MongoDB and MinIO: those given, or our own for the run."""
    with (
        tempfile.TemporaryDirectory(prefix="incognita-test-") as state,
        Servers(state) as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


@pytest.fixture
def namespace(servers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix that no other test uses, set for this test."""
    name = f"t{secrets.token_hex(5)}"
    monkeypatch.setenv(NAMESPACE, name)
    return name


@pytest.fixture
def kafka_settings(servers: dict[str, str], namespace: str) -> KafkaSettings:
    """Where Kafka is."""
    return KafkaSettings()


@pytest.fixture
def mongo_settings(servers: dict[str, str], namespace: str) -> MongoSettings:
    """Where MongoDB is."""
    return MongoSettings()


@pytest.fixture
def object_store_settings(servers: dict[str, str], namespace: str) -> ObjectStoreSettings:
    """Where the object store is."""
    return ObjectStoreSettings()


@pytest.fixture
async def database(
    mongo_settings: MongoSettings, namespace: str
) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of this test alone, dropped afterwards."""
    client = connect(mongo_settings, "test")
    name = f"{namespace}_test"
    try:
        yield client.get_database(name)
    finally:
        await client.drop_database(name)
        await client.close()


@pytest.fixture
async def topics(kafka_settings: KafkaSettings, namespace: str) -> AsyncIterator[None]:
    """All declared topics in this test's namespace, deleted afterwards."""
    await ensure_topics(kafka_settings)
    yield
    admin = AIOKafkaAdminClient(**kafka_settings.connection())
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(kafka_name(""))]
        await admin.delete_topics(names)
    finally:
        await admin.close()
