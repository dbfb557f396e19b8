"""Sending to a real receiver: signed, retried, shared by several senders, never lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from notification_bench import (
    Answer,
    Receiver,
    Request,
    add_subscription,
    always,
    approved,
    eventually,
    handle,
    make_settings,
    reply,
)
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError
from standardwebhooks import Webhook

from incognita_notification.deliveries import Outcome, State
from incognita_notification.lane import FIRST_WINDOW
from incognita_notification.repository.queue import Queue, due_anywhere
from incognita_notification.repository.recorder import Recorder
from incognita_notification.sender import Sender
from incognita_notification.settings import NotificationSettings
from incognita_notification.signing import new_secret, rotated
from incognita_shared.clock import now
from incognita_shared.events.codec import Record, decode, envelope_of
from incognita_shared.events.notification import DeliveryFailed, DeliverySucceeded
from incognita_shared.mongo.client import Database

Receivers = Callable[[Answer], Awaitable[Receiver]]
Sending = Callable[..., AbstractAsyncContextManager[Sender]]


async def states(db: Database) -> list[str]:
    return [each["state"] async for each in db["deliveries"].find()]


async def only(db: Database) -> dict[str, Any]:
    (found,) = await db["deliveries"].find().to_list()
    return found


def in_turn(*answers: bytes) -> Answer:
    left = list(answers)

    async def answer(_: Request) -> bytes:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


async def settled(db: Database) -> None:
    async def check() -> bool:
        found = await states(db)
        return bool(found) and "waiting" not in found

    await eventually(check)


async def test_a_webhook_is_signed_carries_the_visits_trace_and_is_logged(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always(202, b"thanks"))
    _, secret = await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    (request,) = receiver.requests
    said = Webhook(secret).verify(request.body, request.headers)
    assert said["type"] == "incognita.report.approved.v1"
    assert request.headers["webhook-id"] == "event-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] in receiver.url
    trace_id = request.headers["traceparent"].split("-")[1]
    assert trace_id == said["data"]["visit_id"]
    delivery = await only(db)
    (attempt,) = delivery["attempts"]
    assert (attempt["status"], attempt["error"], attempt["response"]) == (202, None, "thanks")
    assert delivery["attempt_count"] == 1
    assert "next_attempt_at" not in delivery


async def test_what_became_of_it_is_said_in_the_same_write(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    subscription, _ = await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    delivery = await only(db)
    assert delivery["has_pending"]
    (record,) = [Record.of_document(each) for each in delivery["pending"]]
    envelope = envelope_of(
        topic=record.topic, key=record.key, value=record.value, headers=record.headers
    )
    event = decode(envelope, DeliverySucceeded)
    assert event.delivery_id == delivery["_id"]
    assert (event.subscription_id, event.event_id) == (subscription["_id"], "event-1")
    assert envelope.trace["traceparent"].split("-")[1] == delivery["subject"]


async def test_a_failed_attempt_is_repeated_with_the_same_id_and_a_new_signature(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(in_turn(reply(500, b"x" * 5_000), reply(404), reply(200)))
    _, secret = await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["event-1"] * 3
    for request in receiver.requests:
        Webhook(secret).verify(request.body, request.headers)
    delivery = await only(db)
    assert delivery["state"] == "succeeded"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 404, 200]
    assert len(delivery["attempts"][0]["response"]) == 1_024
    health = await db["subscriptions"].find_one({})
    assert health is not None
    assert health["failing_since"] is None


async def test_after_the_last_attempt_it_has_failed_and_says_why(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always(500))
    await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    assert len(receiver.requests) == len(settings.retry_delays_s) + 1
    delivery = await only(db)
    assert (delivery["state"], delivery["reason"]) == ("failed", "the receiver answered 500")
    (record,) = [Record.of_document(each) for each in delivery["pending"]]
    assert DeliveryFailed.type_name().encode() in dict(record.headers)["ce_type"]
    health = await db["subscriptions"].find_one({})
    assert health is not None
    assert health["failing_since"] is not None
    assert health["active"]


async def test_410_gone_ends_the_subscription_and_cancels_what_waits(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always(410))
    await add_subscription(db, settings, receiver.url)
    await handle(db, *((approved(), f"event-{at}") for at in range(40)))
    async with sending():
        await settled(db)
    subscription = await db["subscriptions"].find_one({})
    assert subscription is not None
    assert not subscription["active"]
    assert "410" in subscription["disabled_reason"]
    found = await states(db)
    assert set(found) == {"failed", "cancelled"}
    assert len(receiver.requests) == found.count("failed") <= 4, "only the first window was sent"


async def test_a_receiver_that_asks_for_time_gets_it_from_all_of_its_deliveries(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    started = now()

    async def busy_at_first(_: Request) -> bytes:
        if now() - started < timedelta(seconds=1):
            return reply(429, retry_after="1")
        return reply()

    receiver = await receivers(busy_at_first)
    await add_subscription(db, settings, receiver.url)
    await handle(db, *((approved(), f"event-{at}") for at in range(20)))
    started = now()
    async with sending():
        await settled(db)
    assert now() - started >= timedelta(seconds=1)
    assert await states(db) == ["succeeded"] * 20
    assert len(receiver.requests) <= 20 + 4, "only the first window may have met the busy receiver"


async def test_a_redirect_is_a_failure_and_is_not_followed(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    elsewhere = await receivers(always())
    receiver = await receivers(always(302, location=elsewhere.url))
    await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    assert (await states(db)) == ["failed"]
    assert elsewhere.requests == []


async def test_a_receiver_that_never_answers_is_given_up_in_time(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    async def silent(_: Request) -> bytes:
        await asyncio.sleep(30)
        return b""

    receiver = await receivers(silent)
    await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    delivery = await only(db)
    assert delivery["state"] == "failed"
    assert {attempt["error"] for attempt in delivery["attempts"]} == {"no answer within 0.5 s"}


async def test_a_slow_receiver_holds_up_nobody_else(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    async def slowly(_: Request) -> bytes:
        await asyncio.sleep(0.4)
        return reply()

    slow, quick = await receivers(slowly), await receivers(always())
    first, _ = await add_subscription(db, settings, slow.url, event_types=["incognita.report.*"])
    await handle(db, *((approved(), f"event-{at}") for at in range(200)))
    second, _ = await add_subscription(db, settings, quick.url)
    await handle(db, *((approved(), f"later-{at}") for at in range(50)))

    async def quick_is_done() -> bool:
        where = {"subscription_id": second["_id"], "state": "succeeded"}
        return await db["deliveries"].count_documents(where) == 50

    async with sending():
        await eventually(quick_is_done, within_s=5)
        waiting = {"subscription_id": first["_id"], "state": "waiting"}
        assert await db["deliveries"].count_documents(waiting) > 100
        await eventually(lambda: _at_least(slow, 60))
    assert FIRST_WINDOW < slow.most_under_way <= settings.max_sending_each


async def test_what_a_killed_sender_had_claimed_is_sent_by_another_when_the_lease_ends(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    subscription, _ = await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    dead = Queue(db, lease_s=1.0)
    (claimed,) = await dead.claim(subscription["_id"], 10, now())
    async with sending():
        await asyncio.sleep(0.5)
        assert receiver.requests == []
        await settled(db)
    assert len(receiver.requests) == 1
    late = Outcome(State.FAILED, {"$set": {"state": "failed"}})
    await dead.record(claimed, late, {})
    assert (await only(db))["state"] == "succeeded"


async def test_what_a_fast_clock_queued_is_sent_at_once_by_a_slower_one(
    db: Database, settings: NotificationSettings
) -> None:
    subscription, _ = await add_subscription(db, settings, "https://hooks.example.com/")
    await handle(db, (approved(), "event-1"))
    slower = now() - timedelta(minutes=4)
    queue = Queue(db, lease_s=30)
    assert await queue.due_subscriptions(slower) == [subscription["_id"]]
    assert len(await queue.claim(subscription["_id"], 10, slower)) == 1
    assert await queue.claim(subscription["_id"], 10, slower) == []


async def test_a_crash_between_sending_and_recording_sends_the_same_again(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))

    async def lost(*_: Any) -> bool:
        raise asyncio.CancelledError

    async with sending() as sender:
        sender._queue.record = lost  # type: ignore[method-assign]
        await eventually(lambda: _true(len(receiver.requests) == 1))
    assert (await only(db))["state"] == "waiting"
    async with sending():
        await settled(db)
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["event-1"] * 2
    assert receiver.requests[0].body == receiver.requests[1].body


async def _true(value: bool) -> bool:
    return value


async def _at_least(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) >= count


async def test_what_is_being_sent_is_not_cancelled_under_the_sender(
    db: Database, settings: NotificationSettings
) -> None:
    subscription, _ = await add_subscription(db, settings, "http://localhost/")
    await handle(db, *((approved(), f"event-{at}") for at in range(3)))
    queue = Queue(db, lease_s=30)
    (claimed,) = await queue.claim(subscription["_id"], 1, now())
    await queue.cancel_waiting(subscription["_id"], "ended", now())
    assert sorted(await states(db)) == ["cancelled", "cancelled", "waiting"]
    await queue.record(claimed, Outcome(State.SUCCEEDED, {"$set": {"state": "succeeded"}}), {})
    assert sorted(await states(db)) == ["cancelled", "cancelled", "succeeded"]


async def test_what_was_claimed_and_not_sent_is_given_back(
    db: Database, settings: NotificationSettings
) -> None:
    subscription, _ = await add_subscription(db, settings, "http://localhost/")
    await handle(db, *((approved(), f"event-{at}") for at in range(3)))
    queue = Queue(db, lease_s=30)
    claimed = await queue.claim(subscription["_id"], 10, now())
    assert await queue.claim(subscription["_id"], 10, now()) == []
    await queue.release(claimed[:2], now())
    assert len(await queue.claim(subscription["_id"], 10, now())) == 2


async def test_outcomes_written_together_are_all_there_and_a_failure_is_told_to_each(
    db: Database,
) -> None:
    await db["things"].insert_many([{"_id": at} for at in range(60)])
    recorder = Recorder(db["things"])
    updates = [UpdateOne({"_id": at}, {"$set": {"seen": True}}) for at in range(60)]
    await asyncio.gather(*(recorder.write(update) for update in updates))
    assert await db["things"].count_documents({"seen": True}) == 60
    with pytest.raises(BulkWriteError):
        await recorder.write(UpdateOne({"_id": 1}, {"$set": {"_id": 99}}))
    await recorder.write(UpdateOne({"_id": 1}, {"$set": {"again": True}}))
    assert await db["things"].count_documents({"again": True}) == 1


async def test_several_senders_share_the_work_and_send_nothing_twice(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    for _ in range(3):
        await add_subscription(db, settings, receiver.url)
    await handle(db, *((approved(), f"event-{at}") for at in range(100)))
    patient = make_settings(secret_key=settings.secret_key, timeout_s=15, lease_s=30)
    async with sending(patient), sending(patient), sending(patient):
        await settled(db)
    assert len(receiver.requests) == 300
    assert await states(db) == ["succeeded"] * 300


async def test_while_a_secret_is_replaced_both_verify(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    subscription, old = await add_subscription(db, settings, receiver.url)
    new = new_secret()
    secrets = rotated(subscription["secrets"], settings.seal().close(new), now())
    await db["subscriptions"].update_one({}, {"$set": {"secrets": secrets}})
    await handle(db, (approved(), "event-1"))
    async with sending():
        await settled(db)
    (request,) = receiver.requests
    assert len(request.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret).verify(request.body, request.headers)


async def test_a_subscription_that_fails_for_days_is_switched_off_with_a_reason(
    db: Database, receivers: Receivers, sending: Sending
) -> None:
    settings = make_settings(disable_after_days=2)
    receiver = await receivers(always(500))
    since = now() - timedelta(days=3)
    await add_subscription(db, settings, receiver.url, failing_since=since)
    await handle(db, (approved(), "event-1"))
    async with sending(settings):
        await settled(db)
    subscription = await db["subscriptions"].find_one({})
    assert subscription is not None
    assert not subscription["active"]
    assert "every attempt has failed since" in subscription["disabled_reason"]
    assert await states(db) == ["cancelled"]


async def test_what_waits_for_a_deleted_subscription_is_cancelled(
    db: Database, settings: NotificationSettings, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    await add_subscription(db, settings, receiver.url)
    await handle(db, (approved(), "event-1"))
    await db["subscriptions"].delete_many({})
    async with sending():
        await settled(db)
    assert await states(db) == ["cancelled"]
    assert receiver.requests == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost:{port}/"]
)
async def test_without_permission_nothing_reaches_the_loopback(
    url: str, db: Database, receivers: Receivers, sending: Sending
) -> None:
    settings = make_settings(allow_private_targets=False, retry_delays_s=())
    receiver = await receivers(always())
    port = receiver.url.split(":")[2].split("/")[0]
    await add_subscription(db, settings, url.format(port=port))
    await handle(db, (approved(), "event-1"))
    async with sending(settings):
        await settled(db)
    delivery = await only(db)
    assert delivery["state"] == "failed"
    assert "target refused" in delivery["reason"]
    assert receiver.requests == []


async def test_the_due_subscriptions_are_read_from_the_index_alone(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, "http://localhost/")
    await handle(db, *((approved(), f"event-{at}") for at in range(50)))
    plan = await db.command(
        "explain",
        {
            "distinct": "deliveries",
            "key": "subscription_id",
            "query": due_anywhere(now()),
        },
        verbosity="executionStats",
    )
    assert plan["executionStats"]["totalDocsExamined"] == 0, plan["queryPlanner"]
    assert plan["executionStats"]["totalKeysExamined"] < 10
