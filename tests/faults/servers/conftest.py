"""One set of servers for the tests of this directory; each test heals what it breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.faults.servers import FaultableServers, faultable_servers


@pytest.fixture(scope="package")
async def servers_at_risk(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[FaultableServers]:
    """Kafka, three members of MongoDB and MinIO behind proxies."""
    async with faultable_servers(tmp_path_factory.mktemp("at-risk")) as servers:
        yield servers
