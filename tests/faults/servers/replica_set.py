"""MongoDB as a replica set of several members, each known to the others by its proxy."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import AutoReconnect, PyMongoError

from incognita_local.errors import NotReadyError
from incognita_local.mongo_server import REPLICA_SET, MongoServer
from tests.faults.servers.life import Life

T = TypeVar("T")
Document = dict[str, Any]
SETTINGS = {"electionTimeoutMillis": 3_000, "heartbeatIntervalMillis": 500}
WITHIN_S = 60.0
STEPPED_DOWN_FOR_S = 10
CACHE_GB = "0.25"
OPTIONS = ("--setParameter", "enableTestCommands=1")  # fail points


class Member(MongoServer):
    """One mongod: it serves as soon as it answers, for the set waits for the set's state."""

    def __init__(self, directory: Path, *, mongod: Path) -> None:
        super().__init__(directory, mongod=mongod, options=OPTIONS, cache_gb=CACHE_GB)

    def probe(self, ports: Mapping[str, int]) -> None:
        """Raises NotReadyError."""
        try:
            with MongoClient[Document](
                direct_uri(ports["client"]), serverSelectionTimeoutMS=2_000
            ) as client:
                client.admin.command("hello")
        except PyMongoError as error:
            raise NotReadyError(str(error)) from error


def direct_uri(port: int) -> str:
    """This member alone, whatever its state."""
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def _is_primary(port: int) -> bool:
    try:
        with MongoClient[Document](direct_uri(port), serverSelectionTimeoutMS=1_000) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


class NoPrimaryError(Exception):
    """The set did not come to the state that was waited for."""


class ReplicaSet:
    """`members` start, die and vote; `hosts` are the addresses by which they are reached."""

    def __init__(self, members: Sequence[Life], hosts: Sequence[str]) -> None:
        self.members = members
        self.hosts = hosts
        self._last_primary = 0

    @property
    def uri(self) -> str:
        return f"mongodb://{','.join(self.hosts)}/?replicaSet={REPLICA_SET}"

    @property
    def direct_uri(self) -> str:
        """The member that is primary now, or was last, by itself and past its proxy."""
        for index, member in enumerate(self.members):
            if member.alive and _is_primary(member.ports["client"]):
                self._last_primary = index
        return direct_uri(self.members[self._last_primary].ports["client"])

    async def start(self) -> None:
        """Start all members and make them a set; returns once each has the data."""
        await asyncio.gather(*(member.start() for member in self.members))
        members = [{"_id": i, "host": host} for i, host in enumerate(self.hosts)]
        config = {"_id": REPLICA_SET, "members": members, "settings": SETTINGS}
        await self._command(0, {"replSetInitiate": config})
        await self.whole()

    async def primary(self) -> int:
        """The index of the member that takes writes now; waits while there is none."""
        return await self._until(self._find_primary, "no primary")

    async def whole(self) -> None:
        """Wait until every member is primary or secondary, and one is primary."""
        await self._until(self._is_whole, "not every member is primary or secondary")

    async def kill_primary(self) -> int:
        """SIGKILL. The index of the member that is dead now."""
        index = await self.primary()
        await self.members[index].kill()
        return index

    async def start_dead(self) -> None:
        """Start the members that don't run; returns once the set is whole."""
        dead = [i for i, member in enumerate(self.members) if not member.alive]
        await asyncio.gather(*(self.members[i].start() for i in dead))
        await self.whole()

    async def step_down(self) -> None:
        """Make the primary a secondary; returns once there is a new one."""
        old = await self.primary()
        with contextlib.suppress(AutoReconnect):  # it closes its connections
            await self._command(old, {"replSetStepDown": STEPPED_DOWN_FOR_S})
        await self.primary()

    async def checkpoint(self, index: int) -> None:
        """Make the member write its data files now; one that can't dies of it."""
        with contextlib.suppress(PyMongoError):
            await self._command(index, {"fsync": 1})

    async def fail_commits(
        self, times: int, error_code: int, *, done: bool = False, labels: Sequence[str] = ()
    ) -> None:
        """The primary answers the next `times` commits with this error code.

        With `done` each of them took effect nevertheless: the error is one of the write concern
        (64 for example), and the driver makes it an UnknownTransactionCommitResult. Else none
        did; `labels` (for example TransientTransactionError) replace those that the server gives.
        The driver itself repeats a commit once, so a single failure stays unseen. A code that
        tells of a change of state (91, 189, 11602, …) makes the driver forget the primary until
        its next heartbeat, up to 10 s later, which a real one would not.
        """
        data: Document = {"failCommands": ["commitTransaction"]}
        if done:
            data["writeConcernError"] = {"code": error_code, "errmsg": "made by a fail point"}
        else:
            data["errorCode"] = error_code
        if labels:
            data["errorLabels"] = list(labels)
        await self._fail_point({"times": times}, data)

    async def heal_commits(self) -> None:
        """Take the fail point away again, on every member."""
        for index, member in enumerate(self.members):
            if member.alive:
                await self._command(index, {"configureFailPoint": "failCommand", "mode": "off"})

    async def _fail_point(self, mode: Document, data: Document) -> None:
        point = {"configureFailPoint": "failCommand", "mode": mode, "data": data}
        await self._command(await self.primary(), point)

    async def _command(self, index: int, command: Document) -> Document:
        port = self.members[index].ports["client"]
        async with AsyncMongoClient[Document](
            direct_uri(port), serverSelectionTimeoutMS=2_000, socketTimeoutMS=20_000
        ) as client:
            return await client.admin.command(command)

    async def _find_primary(self) -> int | None:
        for index, member in enumerate(self.members):
            if member.alive and (await self._hello(index)).get("isWritablePrimary"):
                return index
        return None

    async def _is_whole(self) -> bool | None:
        states = [await self._hello(i) for i in range(len(self.members))]
        has_primary = any(state.get("isWritablePrimary") for state in states)
        joined = all(state.get("isWritablePrimary") or state.get("secondary") for state in states)
        return (has_primary and joined) or None

    async def _hello(self, index: int) -> Document:
        try:
            return await self._command(index, {"hello": 1})
        except PyMongoError:
            return {}

    async def _until(self, check: Callable[[], Awaitable[T | None]], what: str) -> T:
        deadline = time.monotonic() + WITHIN_S
        while True:
            found = await check()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise NoPrimaryError(f"{what} within {WITHIN_S:.0f} s")
            await asyncio.sleep(0.1)
