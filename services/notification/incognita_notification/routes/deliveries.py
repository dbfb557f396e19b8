"""``/v1/deliveries``."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from incognita_notification import errors
from incognita_notification.deliveries import State
from incognita_notification.routes import answers
from incognita_notification.routes.callers import Log, PathId, Replaying
from incognita_notification.schemas import Counts, Delivery, DeliveryWithMessage, EventType
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import Invalid, field_error, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1", tags=["deliveries"])
SubscriptionId = Annotated[Id | None, Query(description="Of this subscription only")]
StateQuery = Annotated[State | None, Query(description="In this state only")]
TypeQuery = Annotated[EventType | None, Query(description="Of events of this type only")]


@router.get("/deliveries", summary="List deliveries")
async def list_deliveries(
    log: Log,
    subscription_id: SubscriptionId = None,
    state: StateQuery = None,
    event_type: TypeQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Delivery]:
    """The newest first, with each attempt."""
    where = _where(subscription_id, state, event_type)
    found = await log.list(where, limit + 1, _before(cursor))
    return page_of(found, limit, item=answers.delivery, key=_sort_key)


@router.get("/deliveries:counts", summary="Count deliveries by state")
async def count_deliveries(
    log: Log, subscription_id: SubscriptionId = None, event_type: TypeQuery = None
) -> Counts:
    """Of the last 30 days, tests included."""
    counts = await log.counts(_where(subscription_id, None, event_type))
    return Counts(**counts, total=sum(counts.values()))


@router.get("/deliveries/{delivery_id}", summary="Get a delivery", responses=problem_responses(404))
async def get_delivery(delivery_id: PathId, log: Log) -> DeliveryWithMessage:
    """With the message, as it is sent."""
    found = await log.find(delivery_id)
    if found is None:
        raise errors.DeliveryNotFound
    return answers.delivery_with_message(found)


@router.post(
    "/deliveries/{delivery_id}:replay",
    status_code=202,
    summary="Send a delivery again",
    responses=problem_responses(404, 409),
)
async def replay_delivery(delivery_id: PathId, replays: Replaying) -> Delivery:
    """At once, whatever its state, with the same message and id and all attempts anew."""
    return answers.delivery(await replays.one(delivery_id))


def _where(
    subscription_id: str | None, state: State | None, event_type: str | None
) -> dict[str, str]:
    given = {
        "subscription_id": subscription_id,
        "state": state.value if state else None,
        "event_type": event_type,
    }
    return {name: value for name, value in given.items() if value is not None}


def _sort_key(document: dict[str, Any]) -> tuple[int, str]:
    return round(document["created_at"].timestamp() * 1000), document["_id"]


def _before(cursor: str | None) -> tuple[datetime, str] | None:
    key = decode_cursor(cursor, int, str)
    if key is None:
        return None
    try:
        return datetime.fromtimestamp(key[0] / 1000, UTC), key[1]
    except (ValueError, OverflowError, OSError):
        cause = "not a cursor of this list"
        raise Invalid("Wrong cursor", errors=[field_error("query.cursor", cause)]) from None
