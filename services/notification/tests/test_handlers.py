"""Events become deliveries: each once for each subscription that asks for it."""

from typing import Any

import orjson
import pytest
from notification_bench import CHAIN, add_subscription, approved, handle

from incognita_notification.handlers import HANDLERS
from incognita_notification.samples import sample
from incognita_notification.settings import NotificationSettings
from incognita_shared.auth import API_KEYS
from incognita_shared.events import EVENT_TYPES
from incognita_shared.events.assignment import ApiKeyChanged, BranchChanged, ChainChanged
from incognita_shared.events.notification import EVENTS as OWN_TOPIC
from incognita_shared.kafka.incoming import NotReady
from incognita_shared.mongo.client import Database

URL = "https://hooks.example.com/"


def branch(version: int = 1, **changes: Any) -> BranchChanged:
    values: dict[str, Any] = {
        "chain_id": CHAIN,
        "branch_id": "sample-branch",
        "store_id": "1",
        "name": "Main Street $1",
        "address": "1 Main Street",
        "city": "Detroit",
        "region": "MI",
        "country": "US",
        "postal_code": "48201",
        "ownership": "franchise",
        "franchisee_id": "f-1",
        "time_zone": "America/Detroit",
        "position": None,
        "geofence_m": 150,
        "closed": False,
        "version": version,
    }
    return BranchChanged.model_validate(values | changes)


async def deliveries(db: Database) -> list[dict[str, Any]]:
    return await db["deliveries"].find().sort("subscription_id").to_list()


async def test_the_same_event_twice_makes_one_delivery(
    db: Database, settings: NotificationSettings
) -> None:
    subscription, _ = await add_subscription(db, settings, URL)
    for _ in range(2):
        await handle(db, (approved(), "event-1"))
    await handle(db, (approved(), "event-1"), (approved(), "event-1"))
    (only,) = await deliveries(db)
    assert only["subscription_id"] == subscription["_id"]
    assert (only["event_id"], only["state"], only["tries"]) == ("event-1", "waiting", 0)
    body = orjson.loads(only["body"])
    assert body["type"] == "incognita.report.approved.v1"
    assert body["data"] == approved().public()
    assert only["trace"]["traceparent"].split("-")[1] == body["data"]["visit_id"]


async def test_each_subscription_that_asks_gets_its_own_delivery(
    db: Database, settings: NotificationSettings
) -> None:
    wanting = [
        await add_subscription(db, settings, URL),
        await add_subscription(db, settings, URL, event_types=["incognita.report.*"]),
        await add_subscription(db, settings, URL, audience="chain"),
    ]
    await add_subscription(db, settings, URL, event_types=["incognita.payout.*"])
    await add_subscription(db, settings, URL, active=False)
    await add_subscription(db, settings, URL, chain_id="chain-2")
    await add_subscription(db, settings, URL, filter={"wave_ids": ["another"]})
    await handle(db, (approved(), "event-1"))
    found = [each["subscription_id"] for each in await deliveries(db)]
    assert found == sorted(document["_id"] for document, _ in wanting)


async def test_the_chain_is_not_told_what_only_the_agency_may_hear(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, URL, audience="chain")
    offered = sample("incognita.visit.offered.v1", CHAIN)
    scored = sample("incognita.visit.scored.v1", CHAIN)
    await handle(db, (offered, "event-1"), (scored, "event-2"))
    (only,) = await deliveries(db)
    assert only["event_id"] == "event-1"
    assert "terms" not in orjson.loads(only["body"])["data"]
    assert "shopper" not in only["body"]


async def test_a_filter_by_place_waits_for_the_branch_and_then_decides(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, URL, filter={"regions": ["MI"]})
    await add_subscription(db, settings, URL, filter={"regions": ["OH"]})
    with pytest.raises(NotReady, match="sample-branch"):
        await handle(db, (approved(), "event-1"))
    assert await deliveries(db) == []
    await handle(db, (branch(), "catalog-1"), (approved(), "event-1"))
    assert len(await deliveries(db)) == 1


async def test_an_event_without_filters_by_place_does_not_wait_for_the_branch(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, URL)
    await handle(db, (approved(), "event-1"))
    assert len(await deliveries(db)) == 1


async def test_a_subscription_counts_from_the_next_batch_on(
    db: Database, settings: NotificationSettings
) -> None:
    await handle(db, (approved(), "event-1"))
    await add_subscription(db, settings, URL)
    await handle(db, (approved(), "event-2"))
    assert [each["event_id"] for each in await deliveries(db)] == ["event-2"]


async def test_the_newest_branch_stays_whatever_the_order(db: Database) -> None:
    await handle(db, (branch(2, city="Flint"), "b"), (branch(1), "a"), (branch(2, city="x"), "c"))
    (kept,) = await db["branches"].find().to_list()
    assert (kept["_id"], kept["city"], kept["version"]) == ("sample-branch", "Flint", 2)
    assert kept["name"] == "Main Street $1"


async def test_chains_and_keys_are_kept(db: Database) -> None:
    chain = ChainChanged(chain_id=CHAIN, name="Crust", languages=("en",), version=1)
    key = ApiKeyChanged(
        chain_id=CHAIN, key_id="k1", secret_sha256="0" * 64, role="agency", revoked=False, version=1
    )
    for _ in range(2):
        await handle(db, (chain, "a"), (key, "b"))
    assert (await db["chains"].find_one({"_id": CHAIN}) or {})["name"] == "Crust"
    assert (await db[API_KEYS].find_one({"_id": "k1"}) or {})["role"] == "agency"


def test_own_events_are_not_consumed_so_that_nothing_feeds_itself() -> None:
    own = {event for event in EVENT_TYPES.values() if event.topic == OWN_TOPIC}
    assert own
    assert not own & set(HANDLERS)


async def test_a_batch_of_many_events_makes_a_delivery_for_each(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, URL)
    await handle(db, *((approved(visit_id=f"{at:032x}"), f"event-{at}") for at in range(300)))
    assert await db["deliveries"].count_documents({}) == 300
