"""What routes ask for: the database, and a caller in the right role."""

from typing import Annotated

from fastapi import Depends, Path, Request

from incognita_shared.auth import Principal, Role, allow
from incognita_shared.mongo.client import Database
from incognita_shared.values import Id


async def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


Db = Annotated[Database, Depends(_db)]
PathId = Annotated[Id, Path()]

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Agency = Annotated[Principal, Depends(allow(Role.AGENCY))]
KeyKeeper = Annotated[Principal, Depends(allow(Role.AGENCY, Role.CHAIN_MANAGER))]
CatalogKeeper = KeyKeeper
"""Who keeps the list of branches: the chain itself, or its agency."""
BranchReader = Annotated[
    Principal,
    Depends(
        allow(
            Role.AGENCY,
            Role.REVIEWER,
            Role.CHAIN_MANAGER,
            Role.FRANCHISE_MANAGER,
            Role.BRANCH_MANAGER,
        )
    ),
]
FormReader = Annotated[Principal, Depends(allow(Role.AGENCY, Role.REVIEWER))]
CatalogReader = Annotated[Principal, Depends(allow(Role.AGENCY, Role.REVIEWER, Role.CHAIN_MANAGER))]
