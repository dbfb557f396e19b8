"""Objects that nothing refers to go, slowly; all others stay, whoever refers to them."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from minio import Minio

from incognita_evidence.report import ItemState
from incognita_evidence.rules.orphans import Patience
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.visit import VisitState
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore
from support.plans import Plans, multiplied

Make = Callable[..., Any]
AT_ONCE = Patience(before=timedelta(0), hidden=timedelta(0))
DAY = timedelta(days=1)
LONG_AGO = now() - 365 * DAY


@pytest.fixture
def database(listened: Database) -> Database:
    """The database that ``plans`` hears."""
    return listened


@pytest.fixture
def put(store: ObjectStore) -> Make:
    """Put bytes below a key, whoever may have sent them."""

    async def run(key: str, data: bytes = b"bytes") -> str:
        headers: dict[str, Any] = {"Content-Type": "image/jpeg"}
        await store.run(
            "PutObject", key, lambda client: client._put_object(store.bucket, key, data, headers)
        )
        return key

    return run


async def test_what_nothing_refers_to_is_hidden_then_removed_and_the_rest_stays(
    accept: Make, make_visit: Make, uploaded: Make, submit: Make, photo: Make, put: Make,
    sweep: Make, store: ObjectStore, db: Any,
) -> None:  # fmt: skip
    visit, open_visit, gone = [await accept(make_visit(evidence=())) for _ in range(3)]
    await uploaded(visit, photo("DSCN0010"))
    await submit(visit)
    await uploaded(open_visit, photo("DSCN0012"))
    await uploaded(gone, photo("DSCN0012"))
    await db["visits"].update_one({"_id": gone.id}, {"$set": {"state": VisitState.EXPIRED.value}})
    kept = {await one_key(db, visit), await one_key(db, open_visit)}
    kept |= {
        await put(f"chain-a/{visit.id}/appeals/{digest('a receipt')}"),
        await put(f"chain-a/{new_id()}/{digest('of a visit that is not here')}"),
        await put(f"chain-b/{visit.id}/{digest('of another chain')}"),
        await put(f"chain-b/incoming/{new_id()}"),
        await put("something/else"),
    }
    orphans = {
        await one_key(db, gone),
        await put(f"chain-a/incoming/{new_id()}"),
        await put(f"chain-a/{visit.id}/{digest('never declared')}"),
        await put(f"chain-a/{visit.id}/{digest('never declared')}", b"twice"),
    }
    await sweep(Patience(before=DAY))
    assert await seen(store) == kept | orphans
    await sweep(Patience(before=timedelta(0)))
    assert await seen(store) == kept
    assert await there(store) == kept | orphans
    await sweep(Patience(before=timedelta(0)))
    assert await there(store) == kept | orphans
    await sweep(AT_ONCE)
    assert await seen(store) == await there(store) == kept
    assert await db["hidden_objects"].count_documents({}) == 0


async def test_files_that_do_not_count_go_once_their_report_is_complete(
    accept: Make, make_visit: Make, uploaded: Make, submit: Make, photo: Make, sweep: Make,
    store: ObjectStore, db: Any,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    await uploaded(visit, photo("DSCN0010"))
    refused = await uploaded(visit, b"#!/bin/sh\nno photo")
    assert (await submit(visit)).status_code == 422
    assert (await submit(visit, key="again")).json()["state"] == "completed"
    late = await db["reports"].find_one({"_id": visit.id})
    states = {item["item_id"]: ItemState(item["state"]) for item in late["items"]}
    assert states.pop(refused) is ItemState.REFUSED
    assert set(states.values()) == {ItemState.STORED}
    for _ in range(2):
        await sweep(AT_ONCE)
    (left,) = await there(store)
    assert left == next(item["object_key"] for item in late["items"] if item["state"] == "stored")


async def test_an_orphan_that_is_declared_and_stored_while_it_is_hidden_is_shown_again(
    accept: Make, make_visit: Make, put: Make, sweep: Make, store: ObjectStore, db: Any,
    make_item: Make,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    key = await put(f"chain-a/{visit.id}/{digest('file')}")
    await sweep(Patience(before=timedelta(0)))
    assert await seen(store) == set()
    item = make_item(object_key=key).model_dump()
    await db["reports"].insert_one(
        {"_id": visit.id, "chain_id": "chain-a", "state": "completed", "items": [item]}
    )
    await sweep(AT_ONCE)
    assert await seen(store) == {key}
    assert await db["hidden_objects"].count_documents({}) == 0
    await sweep(AT_ONCE)
    assert await seen(store) == {key}


async def test_an_orphan_that_is_uploaded_again_while_it_is_hidden_is_as_young_as_that(
    accept: Make, make_visit: Make, uploaded: Make, put: Make, sweep: Make, store: ObjectStore,
    photo: Make, submit: Make,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    data = photo("DSCN0010")
    key = await put(f"chain-a/{visit.id}/{hashlib.sha256(data).hexdigest()}", data)
    await sweep(Patience(before=timedelta(0)))
    await uploaded(visit, data)
    assert (await submit(visit)).json()["state"] == "completed"
    for _ in range(2):
        await sweep(AT_ONCE)
    assert await seen(store) == {key}


async def test_a_sweep_goes_on_where_another_process_was_killed(
    accept: Make, make_visit: Make, put: Make, orphans: Make, store: ObjectStore, db: Any
) -> None:
    visit = await accept(make_visit())
    keys = sorted([await put(f"chain-a/{visit.id}/{digest(str(n))}") for n in range(12)])
    stop = asyncio.Event()
    first = orphans(pause_s=0.05)
    sweeping = asyncio.create_task(first.sweep_page(Patience(before=timedelta(0)), stop))
    while await db["hidden_objects"].count_documents({}) < 4:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    second = orphans()
    await second.sweep_page(Patience(before=timedelta(0)))  # the first one's lease
    assert await seen(store) != set()
    await db["sweeps"].update_one({"_id": "orphans"}, {"$set": {"until": LONG_AGO}})
    await second.sweep_page(Patience(before=timedelta(0)))
    assert await seen(store) == set()
    assert {each["_id"] async for each in db["hidden_objects"].find()} == set(keys)


async def test_a_bucket_of_several_pages_is_gone_through_to_its_end_once_a_day(
    put: Make, orphans: Make, db: Any
) -> None:
    for number in range(1_050):
        await put(f"other/{number}")
    task = orphans()
    assert await task.sweep_page(AT_ONCE) is True
    assert (await db["sweeps"].find_one({"_id": "orphans"}))["after"] is not None
    assert await task.sweep_page(AT_ONCE) is False
    progress = await db["sweeps"].find_one({"_id": "orphans"})
    assert progress["after"] is None
    assert timedelta(hours=23) < progress["next_round_at"] - progress["until"] < timedelta(hours=25)
    assert await task.sweep_page(AT_ONCE) is False


async def test_without_days_nothing_is_looked_for(orphans: Make, db: Any) -> None:
    assert EvidenceSettings(orphans_after_days=0).patience() is None
    patience = EvidenceSettings().patience()
    assert patience is not None
    assert patience.before == 7 * DAY
    stop = asyncio.Event()
    running = asyncio.create_task(orphans().run(stop))
    await asyncio.sleep(0.2)
    assert not running.done()
    stop.set()
    await running
    assert await db["sweeps"].count_documents({}) == 0


async def test_references_are_found_by_index_whatever_is_stored(
    accept: Make, make_visit: Make, uploaded: Make, photo: Make, put: Make, sweep: Make, db: Any,
    plans: Plans,
) -> None:  # fmt: skip
    visits = [await accept(make_visit()) for _ in range(3)]
    for visit in visits:
        await uploaded(visit, photo("DSCN0010"))
        await put(f"chain-a/{visit.id}/{digest('orphan')}")
    await put(f"chain-a/incoming/{new_id()}")
    await multiplied(db, "visits", 400)
    await multiplied(db, "reports", 400)
    await db["arrivals"].insert_many(
        [{"_id": new_id(), "chain_id": "chain-a", "visit_id": f"v{n}"} for n in range(400)]
    )
    with plans.capturing():
        await sweep(AT_ONCE)
        await sweep(AT_ONCE)
    await plans.none_scans(db, most_examined=6, fewest=7)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def one_key(db: Any, visit: Any) -> str:
    report = await db["reports"].find_one({"_id": visit.id})
    (item,) = report["items"]
    return str(item["object_key"])


async def seen(store: ObjectStore) -> set[str]:
    """What is in the bucket for those who ask by key."""
    return await _listed(store, include_version=False)


async def there(store: ObjectStore) -> set[str]:
    """What is in the bucket at all."""
    return await _listed(store, include_version=True)


async def _listed(store: ObjectStore, *, include_version: bool) -> set[str]:
    def listed(client: Minio) -> set[str]:
        found = client.list_objects(store.bucket, recursive=True, include_version=include_version)
        return {each.object_name or "" for each in found}

    return await store.run("ListObjectVersions", None, listed)
