"""Takes away what earlier runs of the demo left on the servers: databases, topics, objects."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient
from minio import Minio
from minio.deleteobjects import DeleteObject
from pymongo import MongoClient

PREFIX = "demo-"


def remove_earlier_runs(environment: Mapping[str, str], *, prefix: str = PREFIX) -> None:
    """Only names that begin with ``prefix`` are touched; the servers may hold other things."""
    _databases(environment["MONGO_URI"], prefix)
    asyncio.run(_topics(environment["KAFKA_BOOTSTRAP_SERVERS"], prefix))
    _buckets(environment, prefix)


def _databases(uri: str, prefix: str) -> None:
    with MongoClient[dict[str, object]](uri) as client:
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)


async def _topics(servers: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        old = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if old:
            await admin.delete_topics(old)
    finally:
        await admin.close()


def _buckets(environment: Mapping[str, str], prefix: str) -> None:
    endpoint = urlsplit(environment["S3_ENDPOINT"])
    store = Minio(
        endpoint.netloc,
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
        secure=endpoint.scheme == "https",
        region="us-east-1",
    )
    for bucket in store.list_buckets():
        if not bucket.name.startswith(prefix):
            continue
        versions = store.list_objects(bucket.name, recursive=True, include_version=True)
        gone = (DeleteObject(each.object_name or "", each.version_id) for each in versions)
        for error in store.remove_objects(bucket.name, gone, bypass_governance_mode=True):
            raise RuntimeError(f"{bucket.name}: {error.message}")
        store.remove_bucket(bucket.name)
