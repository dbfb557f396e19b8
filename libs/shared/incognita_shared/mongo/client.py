"""The connection to MongoDB: durable writes, majority reads, times with a zone."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_shared.settings import MongoSettings, database_name

Document = dict[str, Any]
Database = AsyncDatabase[Document]

_NAMESPACE_EXISTS = 48


class MongoUnusable(Exception):
    """The server can't be reached or can't do transactions; the text says which and what to do."""


@asynccontextmanager
async def mongo_database(settings: MongoSettings, service: str) -> AsyncIterator[Database]:
    """The database of ``service``, checked to be on a replica set. Raises ``MongoUnusable``."""
    client = connect(settings, service)
    try:
        await _require_replica_set(client)
        yield client.get_database(
            database_name(service),
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
        )
    finally:
        await client.close()


def connect(settings: MongoSettings, service: str) -> AsyncMongoClient[Document]:
    """A client that retries a write or a read once; nothing is sent before its first use."""
    try:
        return AsyncMongoClient(
            settings.uri.get_secret_value(),
            appname=f"incognita-{service}",
            tz_aware=True,
            uuidRepresentation="standard",
            w="majority",
            journal=True,
            readConcernLevel="majority",
            retryWrites=True,
            retryReads=True,
            maxPoolSize=settings.pool_size,
            serverSelectionTimeoutMS=settings.server_selection_timeout_ms,
            connectTimeoutMS=settings.server_selection_timeout_ms,
            socketTimeoutMS=settings.socket_timeout_ms,
        )
    except (ConfigurationError, ValueError) as error:
        raise MongoUnusable(f"MONGO_URI: {error}") from None


async def _require_replica_set(client: AsyncMongoClient[Document]) -> None:
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise MongoUnusable(f"MongoDB can't be reached: {str(error)[:300]}") from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise MongoUnusable(
            "MongoDB is not a replica set, so it has no transactions: "
            "start mongod with --replSet and run rs.initiate() once"
        )


async def ensure_collections(database: Database, names: Iterable[str]) -> None:
    """Create what is missing; a transaction must never be the first to touch a collection."""
    existing = set(await database.list_collection_names())
    for name in names:
        if name in existing:
            continue
        try:
            await database.create_collection(name)
        except CollectionInvalid:
            continue
        except PyMongoError as error:
            if getattr(error, "code", None) != _NAMESPACE_EXISTS:
                raise
