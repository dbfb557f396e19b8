"""The HTTP door, on the real app and database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from notification_bench import (
    CHAIN,
    Answer,
    Receiver,
    add_key,
    always,
    approved,
    client_of,
    eventually,
    handle,
    make_app,
    make_settings,
)
from standardwebhooks import Webhook

from incognita_notification import replays
from incognita_notification.repository.queue import Queue
from incognita_notification.samples import sample
from incognita_notification.sender import Sender
from incognita_notification.settings import NotificationSettings
from incognita_notification.subscriptions import MOST_PER_CHAIN
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database

Receivers = Callable[[Answer], Awaitable[Receiver]]
Sending = Callable[..., AbstractAsyncContextManager[Sender]]
URL = "https://hooks.example.com/incognita"
EVERYTHING: dict[str, Any] = {
    "event_types": ["incognita.*"],
    "target": {"webhook": {"url": URL}},
}


@pytest.fixture
async def agency(app: FastAPI, db: Database) -> httpx.AsyncClient:
    """Calls as the chain's agency."""
    return client_of(app, await add_key(db, Role.AGENCY))


@pytest.fixture
async def manager(app: FastAPI, db: Database) -> httpx.AsyncClient:
    """Calls as the chain's manager."""
    return client_of(app, await add_key(db, Role.CHAIN_MANAGER))


async def subscribe(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/v1/subscriptions", json=EVERYTHING | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def counts(client: httpx.AsyncClient) -> dict[str, int]:
    found: dict[str, int] = (await client.get("/v1/deliveries:counts")).json()
    return found


async def test_a_subscription_is_made_shown_changed_and_deleted(agency: httpx.AsyncClient) -> None:
    made = await subscribe(agency, filter={"regions": ["MI"], "only_failed": True})
    assert made["secret"].startswith("whsec_")
    path = f"/v1/subscriptions/{made['subscription_id']}"
    shown = (await agency.get(path)).json()
    assert "secret" not in shown
    assert made["secret"] not in (await agency.get("/v1/subscriptions")).text
    assert shown["filter"]["regions"] == ["MI"]
    assert shown["target"] == {"webhook": {"url": URL}}
    assert (shown["audience"], shown["active"]) == ("agency", True)
    changed = await agency.patch(
        path, json={"active": False, "filter": {}, "target": {"webhook": {"url": URL + "/2"}}}
    )
    assert changed.status_code == 200
    assert changed.json()["filter"]["regions"] == []
    assert changed.json()["target"]["webhook"]["url"] == URL + "/2"
    assert not changed.json()["active"]
    assert (await agency.delete(path)).status_code == 204
    for answer in (await agency.get(path), await agency.delete(path)):
        assert answer.status_code == 404


async def test_the_secret_is_not_stored_in_the_clear(
    agency: httpx.AsyncClient, db: Database
) -> None:
    made = await subscribe(agency)
    assert made["secret"][6:] not in str(await db["subscriptions"].find_one({}))


async def test_the_same_idempotency_key_gives_the_same_answer_and_one_subscription(
    agency: httpx.AsyncClient, manager: httpx.AsyncClient, db: Database
) -> None:
    header = {"Idempotency-Key": "once"}
    asked = [agency.post("/v1/subscriptions", json=EVERYTHING, headers=header) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    other = EVERYTHING | {"event_types": ["incognita.visit.*"]}
    refused = await agency.post("/v1/subscriptions", json=other, headers=header)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.text
    another = await manager.post("/v1/subscriptions", json=EVERYTHING, headers=header)
    assert another.json()["subscription_id"] != answers[0].json()["subscription_id"]
    assert await db["subscriptions"].count_documents({}) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_types": []}, "event_types"),
        ({"event_types": ["incognita.delivery.*"]}, "event_types[0]"),
        ({"event_types": ["incognita.visit.*", "incognita.api_key.changed.v1"]}, "event_types[1]"),
        ({"event_types": ["incognita.branch.changed.v1"]}, "event_types[0]"),
        ({"event_types": ["*"]}, "event_types"),
        ({"event_types": ["incognita.report.approved.v9"]}, "event_types[0]"),
        ({"event_types": "incognita.*"}, "event_types"),
        ({"target": {}}, "target"),
        ({"target": {"webhook": {"url": "ftp://example.com"}}}, "target.webhook.url"),
        ({"target": {"webhook": {"url": "https://a:b@example.com"}}}, "target.webhook.url"),
        ({"target": {"webhook": {"url": URL}, "email": {"address": "a@example.com"}}}, "target"),
        ({"target": {"email": {"address": "a@example.com\r\nBcc: b@example.com"}}}, "address"),
        ({"target": {"email": {"address": "a@example.com", "language": "de"}}}, "language"),
        ({"filter": {"regions": ["a\nb"]}}, "regions"),
        ({"filter": {"unknown": 1}}, "unknown"),
        ({"filter": {"branch_ids": ["a b"]}}, "branch_ids"),
        ({"surprise": 1}, "surprise"),
        ({"active": "perhaps"}, "active"),
    ],
)
async def test_a_wrong_value_is_named_and_makes_nothing(
    changes: dict[str, Any], field: str, agency: httpx.AsyncClient, db: Database
) -> None:
    answer = await agency.post("/v1/subscriptions", json=EVERYTHING | changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in " ".join(error["field"] for error in answer.json()["errors"])
    assert await db["subscriptions"].count_documents({}) == 0


@pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "https://[::1]/"])
async def test_private_targets_are_refused_unless_allowed(url: str, db: Database) -> None:
    app = make_app(db, make_settings(allow_private_targets=False))
    async with client_of(app, await add_key(db, Role.AGENCY)) as strict:
        answer = await strict.post(
            "/v1/subscriptions", json=EVERYTHING | {"target": {"webhook": {"url": url}}}
        )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "target.webhook.url"


async def test_without_an_smtp_server_an_email_subscription_is_refused(
    agency: httpx.AsyncClient, db: Database
) -> None:
    wanted = EVERYTHING | {"target": {"email": {"address": "a@example.com", "language": "tr"}}}
    answer = await agency.post("/v1/subscriptions", json=wanted)
    assert answer.status_code == 409
    assert "SMTP" in answer.json()["detail"]
    settings = make_settings(smtp_host="localhost", smtp_from="audit@example.com")
    async with client_of(make_app(db, settings), await add_key(db, Role.AGENCY)) as mailing:
        made = await mailing.post("/v1/subscriptions", json=wanted)
        assert made.status_code == 201
        assert made.json()["secret"] is None
        path = f"/v1/subscriptions/{made.json()['subscription_id']}"
        assert (await mailing.post(path + ":rotate-secret")).status_code == 409
        to_webhook = {"target": {"webhook": {"url": URL}}}
        assert (await mailing.patch(path, json=to_webhook)).status_code == 422


@pytest.mark.parametrize("body", [{}, {"active": None}, {"filter": None}, {"secret": "x"}])
async def test_a_change_must_change_something_that_can_be_changed(
    body: dict[str, Any], agency: httpx.AsyncClient
) -> None:
    made = await subscribe(agency)
    answer = await agency.patch(f"/v1/subscriptions/{made['subscription_id']}", json=body)
    assert answer.status_code == 422


async def test_the_chain_sees_its_own_and_the_agency_sees_all(
    agency: httpx.AsyncClient, manager: httpx.AsyncClient, db: Database
) -> None:
    of_agency, of_chain = await subscribe(agency), await subscribe(manager)
    await handle(db, (approved(), "event-1"), (sample("incognita.payout.due.v1", CHAIN), "event-2"))

    async def seen(client: httpx.AsyncClient, path: str, name: str) -> set[str]:
        items = (await client.get(path)).json()["items"]
        return {item[name] for item in items}

    both = {of_agency["subscription_id"], of_chain["subscription_id"]}
    own = {of_chain["subscription_id"]}
    assert await seen(agency, "/v1/subscriptions", "subscription_id") == both
    assert await seen(manager, "/v1/subscriptions", "subscription_id") == own
    assert await seen(agency, "/v1/deliveries", "subscription_id") == both
    assert await seen(manager, "/v1/deliveries", "subscription_id") == own
    assert (await counts(agency))["total"] == 3
    assert (await counts(manager))["total"] == 1
    hidden = f"/v1/subscriptions/{of_agency['subscription_id']}"
    for verb, path, body in (
        ("GET", hidden, None),
        ("PATCH", hidden, {"target": {"webhook": {"url": "https://thief.example.com"}}}),
        ("DELETE", hidden, None),
        ("POST", hidden + ":rotate-secret", None),
        ("POST", hidden + ":test", None),
        ("POST", hidden + ":replay", {"since": "2026-01-01T00:00:00Z"}),
    ):
        assert (await manager.request(verb, path, json=body)).status_code == 404, path
    refused = await manager.post(
        "/v1/subscriptions", json=EVERYTHING | {"event_types": ["incognita.payout.*"]}
    )
    assert refused.status_code == 422
    assert "incognita.report.approved.v1" in refused.json()["allowed"]


async def test_another_chain_and_other_roles_get_nowhere(
    app: FastAPI, agency: httpx.AsyncClient, db: Database
) -> None:
    made = await subscribe(agency)
    await handle(db, (approved(), "event-1"))
    (delivery,) = (await agency.get("/v1/deliveries")).json()["items"]
    path = f"/v1/subscriptions/{made['subscription_id']}"
    routes = [
        ("GET", path, None), ("PATCH", path, {"active": False}), ("DELETE", path, None),
        ("POST", path + ":rotate-secret", None), ("POST", path + ":test", None),
        ("POST", path + ":replay", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"/v1/deliveries/{delivery['delivery_id']}", None),
        ("POST", f"/v1/deliveries/{delivery['delivery_id']}:replay", None),
    ]  # fmt: skip
    lists = [
        ("GET", "/v1/subscriptions", None), ("GET", "/v1/deliveries", None),
        ("GET", "/v1/deliveries:counts", None), ("POST", "/v1/subscriptions", EVERYTHING),
    ]  # fmt: skip
    foreign = client_of(app, await add_key(db, Role.AGENCY, "chain-2"))
    for verb, route, body in routes:
        assert (await foreign.request(verb, route, json=body)).status_code == 404, route
    assert (await foreign.get("/v1/subscriptions")).json()["items"] == []
    assert (await foreign.get("/v1/deliveries")).json()["items"] == []
    assert (await counts(foreign))["total"] == 0
    for role in Role:
        if role in (Role.AGENCY, Role.CHAIN_MANAGER, Role.OPERATOR):
            continue
        other = client_of(app, await add_key(db, role))
        for verb, route, body in routes + lists:
            assert (await other.request(verb, route, json=body)).status_code == 403, route
    for verb, route, body in routes + lists:
        assert (await client_of(app).request(verb, route, json=body)).status_code == 401


async def test_deliveries_are_listed_the_newest_first_in_pages_and_by_filter(
    agency: httpx.AsyncClient, db: Database
) -> None:
    made = await subscribe(agency)
    for at in range(5):
        await handle(db, (approved(), f"event-{at}"))
    offered = sample("incognita.visit.offered.v1", CHAIN)
    await handle(db, (offered, "event-5"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await agency.get("/v1/deliveries", params=query)).json()
        seen += [item["event_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"event-{at}" for at in (5, 4, 3, 2, 1, 0)]

    async def found(**query: str) -> int:
        return len((await agency.get("/v1/deliveries", params=query)).json()["items"])

    assert await found(event_type="incognita.visit.offered.v1") == 1
    assert await found(state="waiting") == 6
    assert await found(state="failed") == 0
    assert await found(subscription_id=made["subscription_id"]) == 6
    assert await found(subscription_id="another") == 0
    for query in ({"state": "lost"}, {"limit": "0"}, {"cursor": "x"}, {"event_type": "x"},
                  {"cursor": "Wzk5OTk5OTk5OTk5OTk5OTksImEiXQ"}):  # fmt: skip
        assert (await agency.get("/v1/deliveries", params=query)).status_code == 422, query


async def test_a_delivery_shows_its_message_and_no_shopper(
    agency: httpx.AsyncClient, db: Database
) -> None:
    await subscribe(agency)
    await handle(db, (sample("incognita.report.completed.v1", CHAIN), "event-1"))
    (item,) = (await agency.get("/v1/deliveries")).json()["items"]
    shown = await agency.get(f"/v1/deliveries/{item['delivery_id']}")
    assert shown.json()["message"]["type"] == "incognita.report.completed.v1"
    assert "shopper" not in shown.text


async def test_a_finished_delivery_is_replayed_with_the_same_id_and_message(
    agency: httpx.AsyncClient, db: Database, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    made = await subscribe(agency, target={"webhook": {"url": receiver.url}})
    await handle(db, (approved(), "event-1"))

    async def done() -> bool:
        return (await counts(agency))["succeeded"] == 1

    async with sending():
        await eventually(done)
        (item,) = (await agency.get("/v1/deliveries")).json()["items"]
        replayed = await agency.post(f"/v1/deliveries/{item['delivery_id']}:replay")
        assert (replayed.status_code, replayed.json()["state"]) == (202, "waiting")
        await eventually(done)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "event-1"
    assert first.body == second.body
    Webhook(made["secret"]).verify(second.body, second.headers)
    (item,) = (await agency.get("/v1/deliveries")).json()["items"]
    assert item["attempt_count"] == len(item["attempts"]) == 2


async def test_a_delivery_that_is_being_sent_can_not_be_replayed(
    agency: httpx.AsyncClient, db: Database
) -> None:
    made = await subscribe(agency)
    await handle(db, (approved(), "event-1"))
    (item,) = (await agency.get("/v1/deliveries")).json()["items"]
    path = f"/v1/deliveries/{item['delivery_id']}:replay"
    assert (await agency.post(path)).status_code == 202
    await Queue(db, lease_s=30).claim(made["subscription_id"], 1, now())
    assert (await agency.post(path)).status_code == 409
    assert (await agency.post("/v1/deliveries/unknown:replay")).status_code == 404


async def test_past_deliveries_are_replayed_from_a_point_in_time(
    agency: httpx.AsyncClient, db: Database, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    made = await subscribe(agency, target={"webhook": {"url": receiver.url}})
    path = f"/v1/subscriptions/{made['subscription_id']}:replay"
    await handle(db, *((approved(), f"old-{at}") for at in range(3)))
    await asyncio.sleep(0.01)
    middle = now()
    await handle(db, *((approved(), f"new-{at}") for at in range(4)))

    async def done() -> bool:
        return (await counts(agency))["succeeded"] == 7

    async with sending():
        await eventually(done)
        await asyncio.sleep(0.01)
        answer = await agency.post(path, json={"since": middle.isoformat()})
        assert (answer.status_code, answer.json()) == (202, {"scheduled": 4})
        await eventually(done)
        span = {"since": "2026-01-01T00:00:00Z", "until": middle.isoformat()}
        assert (await agency.post(path, json=span)).json() == {"scheduled": 3}
        await eventually(done)
    again = [request.headers["webhook-id"] for request in receiver.requests[7:]]
    assert sorted(again[:4]) == [f"new-{at}" for at in range(4)]
    assert sorted(again[4:]) == [f"old-{at}" for at in range(3)]
    future = {"since": (now() + timedelta(days=1)).isoformat()}
    assert (await agency.post(path, json=future)).json() == {"scheduled": 0}
    for body in ({}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"},
                 {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}):  # fmt: skip
        assert (await agency.post(path, json=body)).status_code == 422, body


async def test_a_replay_of_too_much_is_refused_whole(
    agency: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "MOST_AT_ONCE", 2)
    made = await subscribe(agency)
    await handle(db, *((approved(), f"event-{at}") for at in range(3)))
    await db["deliveries"].update_many(
        {}, {"$set": {"state": "failed", "done_at": now()}, "$unset": {"next_attempt_at": ""}}
    )
    await asyncio.sleep(0.01)
    answer = await agency.post(
        f"/v1/subscriptions/{made['subscription_id']}:replay",
        json={"since": "2026-01-01T00:00:00Z"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "since"
    assert (await counts(agency))["failed"] == 3


async def test_a_test_sends_an_invented_event_that_says_so_and_tries_once(
    agency: httpx.AsyncClient, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always(500))
    made = await subscribe(agency, target={"webhook": {"url": receiver.url}})
    path = f"/v1/subscriptions/{made['subscription_id']}:test"
    asked = await agency.post(path, json={"event_type": "incognita.branch.alerted.v1"})
    assert asked.status_code == 202
    assert (await agency.post(path)).status_code == 202
    unknown = await agency.post(path, json={"event_type": "incognita.branch.changed.v1"})
    assert unknown.status_code == 422

    async def failed() -> bool:
        return (await counts(agency))["failed"] == 2

    async with sending():
        await eventually(failed)
    assert len(receiver.requests) == 2
    said = {request.json["type"] for request in receiver.requests}
    assert "incognita.branch.alerted.v1" in said
    for request in receiver.requests:
        assert request.json["test"] is True
        assert request.headers["webhook-id"].startswith("test_")
        assert b"shopper" not in request.body
        Webhook(made["secret"]).verify(request.body, request.headers)


async def test_an_inactive_subscription_is_neither_tested_nor_replayed(
    agency: httpx.AsyncClient,
) -> None:
    made = await subscribe(agency, active=False)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    since = {"since": "2026-01-01T00:00:00Z"}
    assert (await agency.post(path + ":test")).status_code == 409
    assert (await agency.post(path + ":replay", json=since)).status_code == 409


async def test_a_rotated_secret_and_the_old_one_verify_for_a_day(
    agency: httpx.AsyncClient, db: Database, receivers: Receivers, sending: Sending
) -> None:
    receiver = await receivers(always())
    made = await subscribe(agency, target={"webhook": {"url": receiver.url}})
    path = f"/v1/subscriptions/{made['subscription_id']}:rotate-secret"
    rotation = (await agency.post(path)).json()
    assert rotation["secret"] != made["secret"]
    await handle(db, (approved(), "event-1"))
    async with sending():
        await eventually(lambda: _any(receiver))
    (request,) = receiver.requests
    for secret in (made["secret"], rotation["secret"]):
        Webhook(secret).verify(request.body, request.headers)


async def _any(receiver: Receiver) -> bool:
    return bool(receiver.requests)


async def test_switching_on_again_forgets_why_it_was_switched_off(
    agency: httpx.AsyncClient, db: Database
) -> None:
    made = await subscribe(agency)
    await Queue(db, lease_s=1).disable(made["subscription_id"], "gone", now())
    path = f"/v1/subscriptions/{made['subscription_id']}"
    assert (await agency.get(path)).json()["disabled_reason"] == "gone"
    on = (await agency.patch(path, json={"active": True})).json()
    assert (on["active"], on["disabled_reason"]) == (True, None)


async def test_a_chain_has_so_many_subscriptions_and_no_more(
    agency: httpx.AsyncClient, db: Database
) -> None:
    await subscribe(agency)
    one = await db["subscriptions"].find_one({})
    assert one is not None
    await db["subscriptions"].insert_many(
        [one | {"_id": f"s{at}"} for at in range(MOST_PER_CHAIN - 1)]
    )
    answer = await agency.post("/v1/subscriptions", json=EVERYTHING)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("too-many-subscriptions")


async def test_every_operation_is_documented(app: FastAPI) -> None:
    document = app.openapi()
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            assert operation["summary"], (verb, path)
            assert operation["description"], (verb, path)
    assert {"create_subscription", "count_deliveries"} <= {
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
    }


def test_settings_name_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for changes, why in (
        ({"secret_key": "short"}, "Fernet"),
        ({"smtp_host": "mail.example.com"}, "SMTP_FROM"),
        ({"smtp_username": "u"}, "belong together"),
        ({"timeout_s": 10, "lease_s": 12}, "LEASE_S"),
    ):
        with pytest.raises(ValueError, match=why):
            make_settings(**changes)
    monkeypatch.setenv("NOTIFICATION_RETRY_DELAYS_S", "0.1,2,3")
    monkeypatch.setenv("NOTIFICATION_SECRET_KEY", make_settings().secret_key.get_secret_value())
    assert NotificationSettings().retry_delays_s == (0.1, 2.0, 3.0)
