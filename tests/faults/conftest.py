"""Servers that may be broken, once for all tests of this directory."""

import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from tests.faults.servers import FaultableServers, faultable_servers
from tests.faults.surroundings import Surroundings


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """PyMongo 4.20 leaves a socket to the collector when a server goes away as it connects."""
    ignored = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(ignored)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test has left to the collector is collected in it, not in another one."""
    yield
    gc.collect()


@pytest.fixture(scope="package")
async def servers_at_risk(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[FaultableServers]:
    """Kafka, three members of MongoDB and MinIO behind proxies; each test heals what it breaks."""
    async with faultable_servers(tmp_path_factory.mktemp("at-risk")) as servers:
        yield servers


@pytest.fixture
def breakable(servers_at_risk: FaultableServers) -> Surroundings:
    """The same, as a fault run takes them."""
    return Surroundings(servers_at_risk.environment, servers_at_risk)


@pytest.fixture
def ordinary(servers: dict[str, str]) -> Surroundings:
    """The servers of all other tests: services may be broken on them, they may not."""
    return Surroundings(servers, None)
