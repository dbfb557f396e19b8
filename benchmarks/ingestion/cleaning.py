"""Counting what is on Kafka, and removing what a run leaves behind."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from incognita_shared.events.evidence import EVENTS
from incognita_shared.mongo.client import connect
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    database_name,
    kafka_name,
)

_counting: list[AIOKafkaConsumer] = []


async def published(settings: KafkaSettings) -> int:
    """How many records of evidence's topic the broker has: it is new, so offsets begin at 0."""
    if not _counting:
        consumer = AIOKafkaConsumer(kafka_name(EVENTS), **settings.connection())
        await consumer.start()
        _counting.append(consumer)
    (consumer,) = _counting
    topic = kafka_name(EVENTS)
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    return sum((await consumer.end_offsets(partitions)).values())


async def clean(kafka: KafkaSettings, mongo: MongoSettings) -> None:
    """Remove the run's topics, databases and bucket."""
    while _counting:
        await _counting.pop().stop()
    admin = AIOKafkaAdminClient(**kafka.connection())
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(kafka_name(""))]
        await admin.delete_topics(names)
    finally:
        await admin.close()
    client = connect(mongo, "load")
    for service in ("evidence", "floor"):
        await client.drop_database(database_name(service))
    await client.close()
    await _empty_bucket(ObjectStoreSettings())


async def _empty_bucket(settings: ObjectStoreSettings) -> None:
    store = ObjectStore(settings)
    client = store._client
    if client.bucket_exists(store.bucket):
        for found in client.list_objects(store.bucket, recursive=True, include_version=True):
            client.remove_object(store.bucket, found.object_name or "", version_id=found.version_id)
        client.remove_bucket(store.bucket)
    await store.close()
