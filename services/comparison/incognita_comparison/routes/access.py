"""What the route modules share: who may come in, and how they get at data."""

from typing import Annotated

from fastapi import Depends, Path, Request

from incognita_comparison.leagues import Leagues
from incognita_comparison.repository.reading import Wave, find_wave
from incognita_shared.auth import Role, allow
from incognita_shared.mongo.client import Database
from incognita_shared.problems import NotFound
from incognita_shared.values import Id

comparing = allow(Role.AGENCY, Role.REVIEWER, Role.CHAIN_MANAGER, Role.FRANCHISE_MANAGER)
"""Those who compare branches."""

concerned = allow(
    Role.AGENCY,
    Role.REVIEWER,
    Role.CHAIN_MANAGER,
    Role.FRANCHISE_MANAGER,
    Role.BRANCH_MANAGER,
)
"""Those who see at least their own branches."""

OF_THE_CHAIN = (Role.CHAIN_MANAGER, Role.FRANCHISE_MANAGER, Role.BRANCH_MANAGER)
"""The client's side, from which questions may be hidden."""


WaveId = Annotated[
    Id,
    Path(description="The wave's id", examples=["0197f5a0c3d47c2e9d3b6f1a2b3c4d5e"]),
]
BranchId = Annotated[
    Id,
    Path(description="The branch's id", examples=["5f0c1c5f2d3e5b8a9c7d6e5f4a3b2c1d"]),
]


async def database(request: Request) -> Database:
    """The service's database."""
    db: Database = request.app.state.db
    return db


async def leagues_of(request: Request) -> Leagues:
    """The league tables of this process, made when they are first asked for."""
    state = request.app.state
    if not hasattr(state, "leagues"):
        state.leagues = Leagues(state.db)
    leagues: Leagues = state.leagues
    return leagues


Db = Annotated[Database, Depends(database)]
LeaguesOf = Annotated[Leagues, Depends(leagues_of)]


async def get_wave(db: Database, chain_id: str, wave_id: str) -> Wave:
    """The chain's wave; raises ``NotFound``."""
    wave = await find_wave(db, chain_id, wave_id)
    if wave is None:
        raise NotFound(f"There is no wave {wave_id}")
    return wave
