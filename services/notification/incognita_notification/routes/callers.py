"""Who may call, and what a caller's requests work with."""

from typing import Annotated

from fastapi import Depends, Path, Request

from incognita_notification.audiences import audience_of
from incognita_notification.replays import Replays
from incognita_notification.repository.delivery_log import DeliveryLog
from incognita_notification.subscriptions import SubscriptionDesk
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.values import Id

Caller = Annotated[Principal, Depends(allow(Role.AGENCY, Role.CHAIN_MANAGER))]
PathId = Annotated[Id, Path()]


async def _desk(request: Request, caller: Caller) -> SubscriptionDesk:
    state = request.app.state
    return SubscriptionDesk(state.db, caller, state.settings.notification)


async def _replays(request: Request, caller: Caller) -> Replays:
    return Replays(request.app.state.db, caller)


async def _log(request: Request, caller: Caller) -> DeliveryLog:
    return DeliveryLog(request.app.state.db, caller.chain, audience_of(caller.role))


Desk = Annotated[SubscriptionDesk, Depends(_desk)]
Replaying = Annotated[Replays, Depends(_replays)]
Log = Annotated[DeliveryLog, Depends(_log)]
