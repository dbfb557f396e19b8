"""MongoDB as a replica set of one: transactions and change streams need the oplog."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from incognita_local.errors import NotReadyError

REPLICA_SET = "rs0"
NOT_YET_INITIALISED = 94
Document = dict[str, Any]


class MongoServer:
    """Command line, replica set and probe of mongod; `directory` holds all it writes."""

    name = "mongo"
    title = "MongoDB 6.0"
    port_names: tuple[str, ...] = ("client",)
    start_timeout_s = 60.0
    stop_timeout_s = 20.0

    def __init__(self, directory: Path, *, mongod: Path) -> None:
        self.directory = directory
        self.mongod = mongod

    def prepare(self, ports: Mapping[str, int]) -> None:
        (self.directory / "data").mkdir(parents=True, exist_ok=True)

    def argv(self, ports: Mapping[str, int]) -> list[str]:
        cache_gb = os.environ.get("INCOGNITA_MONGO_CACHE_GB", "0.5")
        return [
            str(self.mongod),
            *("--dbpath", str(self.directory / "data")),
            *("--bind_ip", "127.0.0.1", "--port", str(ports["client"]), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "512"),
            *("--wiredTigerCacheSizeGB", cache_gb),
            *("--setParameter", "transactionLifetimeLimitSeconds=15"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            "--quiet",
        ]

    def extra_env(self) -> dict[str, str]:
        return {}

    def variables(self, ports: Mapping[str, int]) -> dict[str, str]:
        return {"MONGO_URI": self.url(ports)}

    def url(self, ports: Mapping[str, int]) -> str:
        return f"mongodb://127.0.0.1:{ports['client']}/?replicaSet={REPLICA_SET}"

    def probe(self, ports: Mapping[str, int]) -> None:
        """A majority write read back in a transaction. Raises NotReadyError."""
        address = f"127.0.0.1:{ports['client']}"
        try:
            with MongoClient[Document](
                address, directConnection=True, serverSelectionTimeoutMS=2000, timeoutMS=10_000
            ) as client:
                _ensure_replica_set(client, address)
                _write_and_read(client)
        except PyMongoError as error:
            raise NotReadyError(str(error)) from error


def _ensure_replica_set(client: MongoClient[Document], address: str) -> None:
    members = [{"_id": 0, "host": address}]
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALISED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    else:
        if config["members"][0]["host"] != address:  # the port was taken, we moved
            config |= {"members": members, "version": config["version"] + 1}
            client.admin.command({"replSetReconfig": config, "force": True})
    if not client.admin.command("hello").get("isWritablePrimary"):
        raise NotReadyError("the replica set has no primary yet")


def _write_and_read(client: MongoClient[Document]) -> None:
    probes = client["incognita_probe"]["probes"]
    value = uuid.uuid4().hex
    with client.start_session() as session, session.start_transaction():
        probes.replace_one({"_id": "probe"}, {"value": value}, upsert=True, session=session)
        found = probes.find_one({"_id": "probe"}, session=session)
    if not found or found["value"] != value:
        raise NotReadyError(f"read {found!r} where {value!r} was written")
