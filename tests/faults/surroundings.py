"""The servers of a run: ones that may be broken, or ordinary ones that may not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from incognita_local import Servers
from tests.faults.schedule import Needs
from tests.faults.servers import FaultableServers, faultable_servers


class Surroundings:
    """``environment`` is for the services, ``direct`` for the checker."""

    def __init__(self, environment: Mapping[str, str], servers: FaultableServers | None) -> None:
        self.environment = environment
        self._servers = servers

    @property
    def direct(self) -> Mapping[str, str]:
        """Past the proxies, to the member of MongoDB that is primary now."""
        return self._servers.direct if self._servers else self.environment

    @property
    def breakable(self) -> FaultableServers:
        """The servers. Raises LookupError where they are ordinary ones."""
        if self._servers is None:
            raise LookupError("ordinary servers are not to be broken")
        return self._servers

    def why_not(self, needs: Needs, target: str) -> str | None:
        """Why a fault with these needs is impossible here; None where it can be had."""
        if needs is Needs.SERVICES:
            return None
        if self._servers is None:
            return "the servers are others' too"
        if needs is Needs.ROOT:
            disk = self._servers.disk(target)
            return None if disk.possible else disk.why
        return None


@asynccontextmanager
async def ordinary_servers(directory: Path | None = None) -> AsyncIterator[Surroundings]:
    """Those named in the environment, or the checkout's own."""
    servers = Servers(directory)
    environment = await asyncio.to_thread(servers.start)
    try:
        yield Surroundings(environment, None)
    finally:
        await asyncio.to_thread(servers.stop)


@asynccontextmanager
async def breakable_servers(directory: Path) -> AsyncIterator[Surroundings]:
    """A broker, a replica set of three and a MinIO of their own, each behind a proxy."""
    async with faultable_servers(directory) as servers:
        yield Surroundings(servers.environment, servers)
