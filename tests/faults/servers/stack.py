"""All servers of a fault run, each with a proxy in front of it, for as long as the run lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from incognita_local.records import StateDirectory
from tests.faults.servers.disks import Disk, MongoDisk, ObjectDisk
from tests.faults.servers.guard import Guard
from tests.faults.servers.life import Life
from tests.faults.servers.links import Link, open_proxies
from tests.faults.servers.plan import Plan
from tests.faults.servers.programs import get_programs
from tests.faults.servers.replica_set import ReplicaSet

DISK_BYTES = {"mongo": 4 << 30, "minio": 6 << 30}
API_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class FaultableServers:
    """The servers, by what can be done to them.

    `environment` names them for services, through the proxies; `direct` goes past these.
    """

    kafka: Life
    mongo: ReplicaSet
    minio: Life
    environment: Mapping[str, str]
    links: Mapping[str, Link]
    disks: Mapping[str, Disk]

    @property
    def direct(self) -> dict[str, str]:
        """MONGO_URI leads to the member that is primary now; ask again after a fail-over."""
        found = {"MONGO_URI": self.mongo.direct_uri}
        for life in (self.kafka, self.minio):
            found |= life.server.variables(life.ports)
        return found

    def link(self, name: str) -> Link:
        """The way to "kafka", "mongo" (all members) or "minio". KeyError without proxies."""
        return self.links[name]

    def disk(self, name: str) -> Disk:
        """The disk of "mongo" or "minio"."""
        return self.disks[name]


@asynccontextmanager
async def faultable_servers(
    directory: Path,
    *,
    proxies: bool = True,
    members: int = 3,
    disk_bytes: Mapping[str, int] = DISK_BYTES,
) -> AsyncIterator[FaultableServers]:
    """Own Kafka, MongoDB and MinIO; data and logs below `directory`, which has to be new.

    What `disk_bytes` names ("mongo": each member, "minio") has its data on a disk in memory of
    at most that size, where the machine allows it; that data is gone at the end. Nothing stays
    running or mounted, also when this process is killed. Raises LocalError.
    """
    state = StateDirectory(await asyncio.to_thread(directory.resolve))
    state.create()
    programs = await get_programs(state)
    async with AsyncExitStack() as stack:
        plan = Plan(state, stack.enter_context(Guard()), proxied=proxies, disk_bytes=disk_bytes)
        stack.push_async_callback(plan.end)
        kafka = plan.kafka(programs.kafka)
        mongo = plan.replica_set(members, programs.mongod)
        minio = plan.minio(programs.minio)
        links = await _links(plan, programs.toxiproxy, stack) if proxies else {}
        await asyncio.gather(kafka.start(), mongo.start(), minio.start())
        disks: dict[str, Disk] = {
            "mongo": MongoDisk(plan.disks["mongo"], mongo),
            "minio": ObjectDisk(plan.disks["minio"][0]),
        }
        yield FaultableServers(kafka, mongo, minio, plan.environment, links, disks)


async def _links(plan: Plan, binary: Path, stack: AsyncExitStack) -> dict[str, Link]:
    toxiproxy = plan.toxiproxy(binary)
    await toxiproxy.start()
    http = httpx.AsyncClient(
        base_url=toxiproxy.server.url(toxiproxy.ports), timeout=API_TIMEOUT_S, trust_env=False
    )
    await stack.enter_async_context(http)
    await open_proxies(http, plan.proxies)
    return {name: Link(http, plan.proxies_of(name)) for name in ("kafka", "mongo", "minio")}
