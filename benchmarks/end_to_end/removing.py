"""Removes what a run leaves on the servers."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient

from incognita_shared.mongo.client import connect
from incognita_shared.settings import KafkaSettings, MongoSettings, database_name, kafka_name


async def remove(kafka: KafkaSettings, mongo: MongoSettings, services: Iterable[str]) -> None:
    """Topics and databases of this namespace."""
    admin = AIOKafkaAdminClient(**kafka.connection())
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(kafka_name(""))]
        await admin.delete_topics(names)
    finally:
        await admin.close()
    client = connect(mongo, "benchmark")
    for service in services:
        await client.drop_database(database_name(service))
    await client.close()
