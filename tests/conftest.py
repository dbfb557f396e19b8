"""The whole system, once for all tests: five services as processes, and a stage to play on."""

import secrets
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from incognita_demo.api import Api
from incognita_demo.earlier_runs import remove_earlier_runs
from incognita_local.services import running_services
from tests.stage import Stage
from tests.system import System

SHARED_STORES = 32
CONNECTIONS = 60


@contextmanager
def a_system(servers: dict[str, str], directory: Path) -> Iterator[System]:
    """All five services under a namespace of their own, which is removed at the end."""
    namespace = f"it{secrets.token_hex(4)}"
    try:
        with running_services(
            servers, namespace=namespace, directory=directory, on_exit=lambda _: None
        ) as running:
            yield System(running, namespace=namespace, directory=directory)
    finally:
        with ThreadPoolExecutor(1) as thread:  # it runs an event loop; this thread has one already
            thread.submit(remove_earlier_runs, servers, prefix=namespace).result()


@pytest.fixture(scope="session")
def system(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One system for all scenarios."""
    with a_system(servers, tmp_path_factory.mktemp("system")) as shared:
        yield shared


@pytest.fixture(scope="module")
def quiet_system(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One that nobody else plays with, so that it comes to rest."""
    with a_system(servers, tmp_path_factory.mktemp("quiet")) as own:
        yield own


@pytest.fixture(scope="session")
async def api(system: System) -> AsyncIterator[Api]:
    """A patient client of the five services."""
    async with Api(system.urls, connections=CONNECTIONS) as client:
        yield client


@pytest.fixture(scope="session")
async def stage(system: System, api: Api) -> AsyncIterator[Stage]:
    """A chain with an open wave; each scenario takes a visit of its own from it."""
    async with Stage.opened(system, api, stores=SHARED_STORES) as made:
        yield made


@pytest.fixture(scope="session")
def media() -> Path:
    """Where the example photos and recordings are."""
    return Path(__file__).parents[1] / "examples" / "media"
