"""Two chains in one database."""

import pytest

from incognita_assignment.repository import create_indexes
from incognita_shared.mongo.client import Database

from .world import World


@pytest.fixture
async def world(database: Database) -> World:
    """A chain with a published questionnaire, no branches and no shoppers yet."""
    await create_indexes(database)
    world = World(database)
    await world.begin()
    return world


@pytest.fixture
async def other_world(world: World) -> World:
    """Another chain in the same database."""
    other = World(world.db)
    await other.begin()
    return other
