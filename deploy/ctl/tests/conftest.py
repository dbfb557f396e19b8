"""One installation of a test's own: topics and databases in its namespace, and the connections."""

import random
from collections.abc import AsyncIterator

import pytest

from deploy.ctl.tests.comparing import history, play
from deploy.ctl.tests.operating import approved
from incognitactl.connections import Connections, Settings, connected


@pytest.fixture
async def connections(
    servers: dict[str, str], namespace: str, topics: None
) -> AsyncIterator[Connections]:
    """All stores of an installation in which nothing has happened yet."""
    async with connected(Settings.read()) as made:
        yield made
        for database in made.databases.values():
            await database.client.drop_database(database.name)


@pytest.fixture
async def compared(connections: Connections) -> Connections:
    """An installation in which comparison has handled a history, and is stopped."""
    rng = random.Random(1)
    await play(
        connections,
        *history(rng, 60),
        approved("unreadable").model_copy(update={"seq": -1}),
    )
    return connections
