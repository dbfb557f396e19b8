"""MongoDB as a replica set of one: transactions and change streams need the oplog."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from incognita_local.errors import LocalError, NotReadyError
from incognita_local.processes import Process

REPLICA_SET = "rs0"
CLOSE_SOON = "file_manager=(close_idle_time=20,close_scan_interval=5)"
"""Tests make and drop thousands of collections, and MongoDB ends itself when it runs out of file
handles; by default it keeps those of dropped ones open for ten minutes."""
NOT_YET_INITIALISED = 94
Document = dict[str, Any]


class MongoServer:
    """Command line, replica set and probe of mongod; `directory` holds all it writes.

    `options` are added to the command line; `cache_gb` replaces $INCOGNITA_MONGO_CACHE_GB.
    """

    name = "mongo"
    title = "MongoDB 6.0"
    port_names: tuple[str, ...] = ("client",)
    start_timeout_s = 60.0
    stop_timeout_s = 20.0

    def __init__(
        self,
        directory: Path,
        *,
        mongod: Path,
        options: Sequence[str] = (),
        cache_gb: str | None = None,
    ) -> None:
        self.directory = directory
        self.mongod = mongod
        self.options = options
        self.cache_gb = cache_gb or os.environ.get("INCOGNITA_MONGO_CACHE_GB", "0.5")

    def prepare(self, ports: Mapping[str, int]) -> None:
        """Make the data directory; when the port is another than before, tell the data so."""
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        kept, address = self.directory / "address", _address(ports)
        if kept.exists() and kept.read_text(encoding="utf-8") != address:
            self._move(ports)
        kept.write_text(address, encoding="utf-8")

    def _move(self, ports: Mapping[str, int]) -> None:
        """Rename the one member in the stored replica set, as MongoDB's manual describes.

        A reconfiguration of the running set would ask whoever listens at the old address first,
        and wait 30 s for an answer.
        """
        change = {"$set": {"members.0.host": _address(ports)}}
        log = self.directory / "move.log"
        with (
            Process("mongo-move", self._standalone(ports), log_path=log) as mongod,
            MongoClient[Document](_address(ports), directConnection=True) as client,
        ):
            try:
                client["local"]["system.replset"].update_one({"_id": REPLICA_SET}, change)
            except PyMongoError as error:
                tail = f"The end of {log}:\n{mongod.log_tail()}"
                raise LocalError(f"MongoDB can't move to another port: {error}. {tail}") from error

    def argv(self, ports: Mapping[str, int]) -> list[str]:
        return [*self._standalone(ports), "--replSet", REPLICA_SET, "--oplogSize", "512"]

    def _standalone(self, ports: Mapping[str, int]) -> list[str]:
        return [
            str(self.mongod),
            *("--dbpath", str(self.directory / "data")),
            *("--bind_ip", "127.0.0.1", "--port", str(ports["client"]), "--nounixsocket"),
            *("--wiredTigerCacheSizeGB", self.cache_gb),
            *("--wiredTigerEngineConfigString", CLOSE_SOON),
            *("--setParameter", "transactionLifetimeLimitSeconds=15"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *self.options,
            "--quiet",
        ]

    def extra_env(self) -> dict[str, str]:
        return {}

    def variables(self, ports: Mapping[str, int]) -> dict[str, str]:
        return {"MONGO_URI": self.url(ports)}

    def url(self, ports: Mapping[str, int]) -> str:
        return f"mongodb://{_address(ports)}/?replicaSet={REPLICA_SET}"

    def probe(self, ports: Mapping[str, int]) -> None:
        """A majority write read back in a transaction. Raises NotReadyError."""
        try:
            with MongoClient[Document](
                _address(ports),
                directConnection=True,
                serverSelectionTimeoutMS=2000,
                connectTimeoutMS=2000,
                socketTimeoutMS=10_000,
            ) as client:
                _ensure_replica_set(client, _address(ports))
                _write_and_read(client)
        except PyMongoError as error:
            raise NotReadyError(str(error)) from error


def _address(ports: Mapping[str, int]) -> str:
    return f"127.0.0.1:{ports['client']}"


def _ensure_replica_set(client: MongoClient[Document], address: str) -> None:
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALISED:
            raise
        members = [{"_id": 0, "host": address}]
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
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
