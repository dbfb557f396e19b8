"""No query of handlers, sender, relay or requests scans or sorts in memory, whatever is stored."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from fastapi import FastAPI
from notification_bench import (
    add_key,
    add_subscription,
    always,
    approved,
    client_of,
    eventually,
    handle,
    make_settings,
)

from incognita_notification.repository import DELIVERIES
from incognita_shared.auth import Role
from incognita_shared.ids import new_id
from incognita_shared.mongo.client import Database
from support.plans import Plans, multiplied

STORED = 400
BATCH = 40


@pytest.fixture
def database(listened: Database) -> Database:
    return listened


async def test_a_batch_and_its_webhooks_read_only_what_they_name(
    db: Database, plans: Plans, receivers: Any, sending: Callable[..., AbstractAsyncContextManager]
) -> None:
    receiver = await receivers(always())
    await add_subscription(db, make_settings(), receiver.url, event_types=["none"])
    settings = make_settings()
    subscription, _ = await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), new_id()))
    done = {"state": "succeeded", "done_at": subscription["created_at"]}
    await multiplied(db, DELIVERIES, STORED, **done)
    await db[DELIVERIES].update_many(
        {"done_at": {"$exists": True}}, {"$unset": {"next_attempt_at": 1}}
    )
    with plans.capturing():
        await handle(db, *((approved(), new_id()) for _ in range(BATCH)))
        # the subscriptions, the gathered deliveries, and the commit
        assert plans.sent <= 3
        async with sending(settings):
            await eventually(lambda: _all_sent(db))
    await plans.none_scans(db, most_examined=2 * BATCH)


async def _all_sent(db: Database) -> bool:
    return not await db[DELIVERIES].find_one({"next_attempt_at": {"$exists": True}}, hint="due")


async def test_requests_use_indexes(app: FastAPI, db: Database, plans: Plans) -> None:
    subscription, _ = await add_subscription(db, make_settings(), "http://127.0.0.1:9/")
    await handle(db, (approved(), new_id()))
    await multiplied(db, DELIVERIES, STORED)
    (one,) = await db[DELIVERIES].find({}).limit(1).to_list()
    async with client_of(app, await add_key(db, Role.AGENCY)) as agency:
        with plans.capturing():
            for path in (
                "/v1/subscriptions",
                f"/v1/subscriptions/{subscription['_id']}",
                "/v1/deliveries?limit=5",
                "/v1/deliveries?state=waiting&limit=5",
                f"/v1/deliveries?subscription_id={subscription['_id']}&limit=5",
                f"/v1/deliveries/{one['_id']}",
                f"/v1/deliveries:counts?subscription_id={subscription['_id']}",
            ):
                answer = await agency.get(path)
                assert answer.status_code == 200, (path, answer.text)
    await plans.none_scans(db)
