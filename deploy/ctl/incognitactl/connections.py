"""Where the stores are, from the same environment variables as the services read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic_settings import BaseSettings
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_shared.kafka.topics import DECLARATIONS, Topic, declared_topics
from incognita_shared.mongo.client import Database, MongoUnusable, connect
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    SettingsError,
    database_name,
    read_settings,
)

SERVICES = ("assignment", "evidence", "scoring", "comparison", "notification")
REACHED_WITHIN_S = 20.0


class UnreachableError(Exception):
    """A store does not answer, or is not named in the environment; the text says which and why."""


@dataclass(frozen=True)
class Settings:
    """What the environment names. ``objects`` is None where no ``S3_`` variable is set."""

    kafka: KafkaSettings
    mongo: MongoSettings
    objects: ObjectStoreSettings | None

    @classmethod
    def read(cls) -> "Settings":
        """From this process's environment. Raises SettingsError naming each wrong variable."""
        try:
            objects = read_settings(ObjectStoreSettings)
        except SettingsError:
            objects = None  # only ``verify`` needs it, and says so
        return cls(read_settings(KafkaSettings), read_settings(MongoSettings), objects)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """From a mapping, for a caller whose own environment names other servers."""
        return cls(
            KafkaSettings(**_named(KafkaSettings, environment)),
            MongoSettings(**_named(MongoSettings, environment)),
            ObjectStoreSettings(**_named(ObjectStoreSettings, environment)),
        )


@dataclass(frozen=True)
class Connections:
    """The stores of one installation; its namespace is that of this process.

    ``databases``: service → its database. ``topics``: as declared, dead-letter topics not listed.
    """

    kafka: KafkaSettings
    databases: Mapping[str, Database]
    objects: ObjectStore | None
    topics: Sequence[Topic]

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without a group: it sees everything and leaves no trace on the brokers."""
        consumer = AIOKafkaConsumer(
            **self.kafka.connection(),
            client_id="incognitactl",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            request_timeout_ms=self.kafka.request_timeout_ms,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=1 << 18,
        )
        try:
            async with asyncio.timeout(REACHED_WITHIN_S):
                await consumer.start()
            yield consumer
        except (KafkaError, TimeoutError) as error:
            raise UnreachableError(f"Kafka: {type(error).__name__}: {error}") from error
        finally:
            await consumer.stop()


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connections]:
    """Open all that is named. Raises UnreachableError where MongoDB does not answer."""
    try:
        client = connect(settings.mongo, "incognitactl")
    except MongoUnusable as error:
        raise UnreachableError(str(error)) from error
    objects = ObjectStore(settings.objects) if settings.objects else None
    try:
        try:
            await client.admin.command("ping")
        except PyMongoError as error:
            raise UnreachableError(f"MongoDB: {str(error)[:300]}") from error
        databases = {
            service: client.get_database(
                database_name(service),
                write_concern=WriteConcern(w="majority", j=True),
                read_concern=ReadConcern("majority"),
            )
            for service in SERVICES
        }
        topics = declared_topics(settings.kafka.topics_dir or DECLARATIONS)
        yield Connections(settings.kafka, databases, objects, topics)
    finally:
        if objects:
            await objects.close()
        await client.close()


def _named(kind: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    prefix = kind.model_config.get("env_prefix", "")
    variables = {name: f"{prefix}{name}".upper() for name in kind.model_fields}
    return {name: environment[one] for name, one in variables.items() if environment.get(one)}
