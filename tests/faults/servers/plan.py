"""Which server listens where, behind which proxy and on which disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from incognita_local import ports as port_numbers
from incognita_local.launch import Server
from incognita_local.records import StateDirectory
from tests.faults.servers.disks import SmallDisk
from tests.faults.servers.guard import Guard
from tests.faults.servers.life import Life
from tests.faults.servers.links import ToxiproxyServer
from tests.faults.servers.replica_set import Member, ReplicaSet


class Plan:
    """Makes the servers, unstarted; `end` ends all that were made.

    `proxies`: name → (port it listens on, port of the server behind it). `environment` names
    the servers as clients reach them.
    """

    def __init__(
        self,
        state: StateDirectory,
        guard: Guard,
        *,
        proxied: bool,
        disk_bytes: Mapping[str, int],
    ) -> None:
        self.proxies: dict[str, tuple[int, int]] = {}
        self.environment: dict[str, str] = {}
        self.disks: dict[str, list[SmallDisk]] = {"mongo": [], "minio": []}
        self._state = state
        self._guard = guard
        self._proxied = proxied
        self._disk_bytes = disk_bytes
        self._lives: list[Life] = []
        self._taken: set[int] = set()

    def kafka(self, server: Server) -> Life:
        proxied = self._port()
        proxy = self._proxy("kafka", proxied)
        self.environment |= server.variables({"client": proxy})
        return self._life(server, "kafka", proxied=proxied, proxy=proxy)

    def minio(self, server: Server) -> Life:
        life = self._life(server, "minio")
        proxy = self._proxy("minio", life.ports["client"])
        self.environment |= server.variables({"client": proxy})
        self._mount("minio", server.directory / "data")
        return life

    def replica_set(self, count: int, mongod: Path) -> ReplicaSet:
        lives, hosts = [], []
        for name in (f"mongo-{index}" for index in range(count)):
            member = Member(self._state.data(name), mongod=mongod)
            lives.append(life := self._life(member, name))
            hosts.append(f"127.0.0.1:{self._proxy(name, life.ports['client'])}")
            self._mount("mongo", member.directory / "data")
        made = ReplicaSet(lives, hosts)
        self.environment["MONGO_URI"] = made.uri
        return made

    def toxiproxy(self, binary: Path) -> Life:
        server = ToxiproxyServer(self._state.data("toxiproxy"), binary=binary)
        return self._life(server, "toxiproxy")

    def proxies_of(self, server: str) -> Sequence[str]:
        return [name for name in self.proxies if name.partition("-")[0] == server]

    async def end(self) -> None:
        """Kill every server; what they hold is of no use after the run."""
        await asyncio.gather(*(life.end() for life in self._lives))

    def _life(self, server: Server, name: str, **ports: int) -> Life:
        numbers = {each: self._port() for each in server.port_names} | ports
        self._lives.append(Life(server, numbers, log=self._state.log(name), guard=self._guard))
        return self._lives[-1]

    def _port(self) -> int:
        chosen = port_numbers.choose(avoid=self._taken)
        self._taken.add(chosen)
        return chosen

    def _proxy(self, name: str, upstream: int) -> int:
        """The port by which clients reach `upstream`."""
        if not self._proxied:
            return upstream
        listen = self._port()
        self.proxies[name] = (listen, upstream)
        return listen

    def _mount(self, server: str, path: Path) -> None:
        disk = SmallDisk(path, limit_bytes=self._disk_bytes.get(server, 0), guard=self._guard)
        disk.mount()
        self.disks[server].append(disk)
