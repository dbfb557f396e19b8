"""What the routes need of the app, without a dependency each: solving one costs more than it."""

from typing import Annotated

from fastapi import Depends, Path, Request

from incognita_evidence.desk import Desk
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.values import Id

VisitId = Annotated[Id, Path(description="The visit's id")]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Reader = Annotated[Principal, Depends(allow(Role.REVIEWER, Role.AGENCY))]


def desk_of(request: Request, principal: Principal) -> Desk:
    """The desk of the caller's chain, and of no other."""
    desk: Desk = request.app.state.desk(principal.chain)
    return desk
