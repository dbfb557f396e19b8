"""Invariant 8 on a real object store: what is stored is there, what was removed is gone."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from minio import Minio

from incognita_shared.objects import ObjectStore
from incognita_shared.settings import ObjectStoreSettings
from incognitactl.verify.findings import Findings
from incognitactl.verify.objects import REMOVED, REMOVING, STORED, Item, check_objects

DATA = b"a photo"
HERE, GONE = "chain/visit/here", "chain/visit/gone"


@pytest.fixture
async def store(object_store_settings: ObjectStoreSettings) -> AsyncIterator[ObjectStore]:
    async with ObjectStore(object_store_settings) as store:
        await store.ensure_bucket()
        yield store
        await store.run("DeleteBucket", None, lambda client: _remove_bucket(client, store.bucket))


@pytest.fixture
async def version_id(store: ObjectStore) -> str:
    """The version of the object ``HERE``."""
    checksum = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
    headers: dict[str, Any] = {"x-amz-checksum-sha256": checksum}
    done = await store.run(
        "PutObject", HERE, lambda client: client._put_object(store.bucket, HERE, DATA, headers)
    )
    return str(done.version_id)


@asynccontextmanager
async def hidden(store: ObjectStore) -> AsyncIterator[None]:
    """The object behind a delete marker, as a plain DELETE leaves it."""
    await store.run("DeleteObject", HERE, lambda client: client.remove_object(store.bucket, HERE))
    yield


def item(key: str, version_id: str, state: str) -> Item:
    return Item("visit", "item", key, version_id, hashlib.sha256(DATA).hexdigest(), 7, state)


async def found(store: ObjectStore, *items: Item, **options: Any) -> list[str]:
    findings = Findings()

    async def each() -> AsyncIterator[Item]:
        for one in items:
            yield one

    await check_objects(store, each(), findings, deep=False, **options)
    return [violation.what.partition(":")[0] for violation in findings.verdict().violations]


async def test_what_is_stored_is_there_and_what_was_removed_is_not(
    store: ObjectStore, version_id: str
) -> None:
    assert await found(
        store,
        item(HERE, version_id, STORED),
        item(GONE, version_id, REMOVED),
        item(GONE, version_id, REMOVING),
        item(HERE, version_id, REMOVING),
    ) == []  # fmt: skip


async def test_an_object_that_is_gone_without_being_removed_is_told(
    store: ObjectStore, version_id: str
) -> None:
    (told,) = await found(store, item(GONE, version_id, STORED))
    assert told == "the object of an evidence item is not there"


async def test_a_removed_item_whose_object_is_still_there_is_told_also_behind_a_marker(
    store: ObjectStore, version_id: str
) -> None:
    removed = item(HERE, version_id, REMOVED)
    still_there = "the object of a removed evidence item is still there"
    assert await found(store, removed) == [still_there]
    assert await found(store, item(HERE, "null", REMOVED)) == [still_there]
    async with hidden(store):
        assert await found(store, removed) == [still_there]


async def test_an_item_that_was_removed_since_it_was_read_is_not_missed(
    store: ObjectStore, version_id: str
) -> None:
    gone = item(GONE, version_id, STORED)
    for now, told in ((REMOVING, 0), (REMOVED, 0), (STORED, 1)):

        async def state_of(_: Item, now: str = now) -> str:
            return now

        assert len(await found(store, gone, state_of=state_of)) == told, now


def _remove_bucket(client: Minio, bucket: str) -> None:
    for each in client.list_objects(bucket, recursive=True, include_version=True):
        client.remove_object(bucket, each.object_name or "", version_id=each.version_id)
    client.remove_bucket(bucket)
