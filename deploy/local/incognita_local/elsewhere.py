"""Servers that run elsewhere, named in the environment: used, never started or stopped."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from minio import Minio
from minio.error import MinioException
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from urllib3.util import parse_url

from incognita_local.errors import LocalError

VARIABLES = {
    "kafka": ("KAFKA_BOOTSTRAP_SERVERS",),
    "mongo": ("MONGO_URI",),
    "minio": ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"),
}
FAILURES = (
    KafkaError,
    PyMongoError,
    MinioException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)


def named_in_environment() -> dict[str, dict[str, str]]:
    """Server name → its variables, each server asked once. Raises LocalError."""
    found: dict[str, dict[str, str]] = {}
    for server, names in VARIABLES.items():
        values = {name: os.environ.get(name, "") for name in names}
        if not values[names[0]]:
            continue
        for name, value in values.items():
            if not value:
                raise LocalError(f"{names[0]} is set, so {name} has to be set too")
        found[server] = values
    with ThreadPoolExecutor() as pool:  # threads: the caller's may have a running event loop
        list(pool.map(_check, found, found.values()))
    return found


def _check(server: str, values: dict[str, str]) -> None:
    try:
        CHECKS[server](values)
    except FAILURES as error:
        variable = VARIABLES[server][0]
        raise _unusable(variable, values[variable], error) from error


def _unusable(variable: str, value: str, error: Exception) -> LocalError:
    shown = value.rpartition("@")[2]  # a MongoDB URI may carry a password
    return LocalError(
        f"the server named by {variable} ({shown}) does not answer: "
        f"{str(error) or type(error).__name__}. Mend the variable, or unset it to start one here"
    )


def _kafka(values: dict[str, str]) -> None:
    async def ask() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=values["KAFKA_BOOTSTRAP_SERVERS"])
        try:
            await admin.start()
            await admin.list_topics()
        finally:
            await admin.close()

    asyncio.run(asyncio.wait_for(ask(), 15))


def _mongo(values: dict[str, str]) -> None:
    with MongoClient[dict[str, Any]](values["MONGO_URI"], serverSelectionTimeoutMS=5_000) as client:
        if "setName" not in client.admin.command("hello"):
            raise ValueError("it is not a replica set, and transactions need one")


def _minio(values: dict[str, str]) -> None:
    url = parse_url(values["S3_ENDPOINT"])
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("the endpoint has to be http://host:port or https://host:port")
    with urllib3.PoolManager(timeout=10.0, retries=False) as pool:
        Minio(
            url.netloc or url.host,
            access_key=values["S3_ACCESS_KEY"],
            secret_key=values["S3_SECRET_KEY"],
            secure=url.scheme == "https",
            http_client=pool,
        ).list_buckets()


CHECKS = {"kafka": _kafka, "mongo": _mongo, "minio": _minio}
