"""``/v1/subscriptions``."""

from typing import Annotated

from fastapi import APIRouter, Header

from incognita_notification.routes import answers
from incognita_notification.routes.callers import Desk, PathId, Replaying
from incognita_notification.schemas import (
    Delivery,
    NewSubscription,
    Replay,
    ReplayRequest,
    Rotation,
    SampleRequest,
    Subscription,
    SubscriptionChange,
    SubscriptionWithSecret,
)
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]


@router.post(
    "",
    status_code=201,
    summary="Subscribe to events",
    responses=problem_responses(409),
)
async def create_subscription(
    body: NewSubscription, desk: Desk, idempotency_key: IdempotencyKey = None
) -> SubscriptionWithSecret:
    """Every event that is handled from now on and passes the filter is sent to the target.

    The answer of a webhook's subscription holds its signing secret, which is shown this once. With
    an Idempotency-Key a repeated request gets the same answer and makes nothing new.
    """
    document, secret = await desk.create(body, idempotency_key)
    return answers.subscription_with_secret(document, secret)


@router.get("", summary="List subscriptions")
async def list_subscriptions(
    desk: Desk, limit: Limit = 100, cursor: Cursor = None
) -> Page[Subscription]:
    """A chain manager sees the chain's own, the agency also its own."""
    after = decode_cursor(cursor)
    found = await desk.list(limit + 1, after[0] if after else None)
    return page_of(found, limit, item=answers.subscription)


@router.get("/{subscription_id}", summary="Get a subscription", responses=problem_responses(404))
async def get_subscription(subscription_id: PathId, desk: Desk) -> Subscription:
    """As it is now, with the reason if it was switched off."""
    return answers.subscription(await desk.get(subscription_id))


@router.patch(
    "/{subscription_id}",
    summary="Change a subscription",
    responses=problem_responses(404, 409),
)
async def change_subscription(
    subscription_id: PathId, body: SubscriptionChange, desk: Desk
) -> Subscription:
    """What waits when a subscription is switched off is cancelled; it can be replayed later."""
    return answers.subscription(await desk.change(subscription_id, body))


@router.delete(
    "/{subscription_id}",
    status_code=204,
    summary="Delete a subscription",
    responses=problem_responses(404),
)
async def delete_subscription(subscription_id: PathId, desk: Desk) -> None:
    """What still waits is cancelled; the log of its deliveries stays for 30 days."""
    await desk.delete(subscription_id)


@router.post(
    "/{subscription_id}:rotate-secret",
    summary="Replace the signing secret",
    responses=problem_responses(404, 409),
)
async def rotate_secret(subscription_id: PathId, desk: Desk) -> Rotation:
    """For 24 hours webhooks carry two signatures, by the new secret and by the old one."""
    secret, until = await desk.rotate_secret(subscription_id)
    return Rotation(secret=secret, old_valid_until=until)


@router.post(
    "/{subscription_id}:test",
    status_code=202,
    summary="Send an invented event",
    responses=problem_responses(404, 409),
)
async def send_test(
    subscription_id: PathId, desk: Desk, replays: Replaying, body: SampleRequest | None = None
) -> Delivery:
    """The message says ``"test": true``, its id begins with ``test_``, and it is tried once."""
    subscription = await desk.get(subscription_id)
    event_type = body.event_type if body else None
    return answers.delivery(await replays.test(subscription, event_type))


@router.post(
    "/{subscription_id}:replay",
    status_code=202,
    summary="Send past deliveries again",
    responses=problem_responses(404, 409),
)
async def replay_subscription(
    subscription_id: PathId, body: ReplayRequest, desk: Desk, replays: Replaying
) -> Replay:
    """All that have ended, whether well or not, with the same messages and ids; 100,000 at most."""
    subscription = await desk.get(subscription_id)
    return Replay(scheduled=await replays.since(subscription, body.since, body.until))
