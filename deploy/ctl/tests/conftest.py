"""One installation of a test's own: topics and databases in its namespace, and the connections."""

from collections.abc import AsyncIterator

import pytest

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
