"""The store itself must refuse whatever differs from what was declared: MinIO is asked."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from minio.commonconfig import ENABLED

from incognita_shared.objects import ObjectStore, Upload
from incognita_shared.problems import Unavailable
from incognita_shared.settings import ObjectStoreSettings

KEY = "chain/visit/photo"
PHOTO = b"\xff\xd8\xff\xe0" + b"photo" * 100
OTHER = b"\xff\xd8\xff\xe0" + b"forge" * 100
MINUTES = timedelta(minutes=5)


@pytest.fixture
async def store(object_store_settings: ObjectStoreSettings) -> AsyncIterator[ObjectStore]:
    made = ObjectStore(object_store_settings)
    await made.ensure_bucket()
    yield made
    client = made._client
    for one in client.list_objects(made.bucket, recursive=True, include_version=True):
        client.remove_object(made.bucket, one.object_name or "", version_id=one.version_id)
    client.remove_bucket(made.bucket)
    await made.close()


def _policy(store: ObjectStore, expires: timedelta = MINUTES) -> Upload:
    return store.presign_upload(
        KEY,
        content_type="image/jpeg",
        size=len(PHOTO),
        sha256=hashlib.sha256(PHOTO).hexdigest(),
        expires=expires,
    )


async def _post(upload: Upload, content: bytes, **changed: str) -> int:
    fields = {**upload.fields, **{name.replace("_", "-"): value for name, value in changed.items()}}
    async with httpx.AsyncClient() as client:
        answer = await client.post(upload.url, data=fields, files={"file": ("f", content)})
    return answer.status_code


async def test_the_declared_bytes_are_stored_with_hash_type_and_version(
    store: ObjectStore,
) -> None:
    assert await _post(_policy(store), PHOTO) == 204
    stored = await store.head(KEY)
    assert stored is not None
    assert stored.size == len(PHOTO)
    assert stored.content_type == "image/jpeg"
    assert stored.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert stored.version_id


async def test_other_bytes_of_the_same_size_are_refused(store: ObjectStore) -> None:
    assert await _post(_policy(store), OTHER) == 400
    assert await store.head(KEY) is None


async def test_other_bytes_under_their_own_hash_are_refused(store: ObjectStore) -> None:
    forged = _policy(store)
    claim = store.presign_upload(
        KEY,
        content_type="image/jpeg",
        size=len(OTHER),
        sha256=hashlib.sha256(OTHER).hexdigest(),
        expires=MINUTES,
    ).fields["x-amz-checksum-sha256"]
    assert await _post(forged, OTHER, x_amz_checksum_sha256=claim) == 403


@pytest.mark.parametrize("content", [PHOTO[:-1], PHOTO + b"x", b""])
async def test_another_size_is_refused(store: ObjectStore, content: bytes) -> None:
    assert await _post(_policy(store), content) == 400
    assert await store.head(KEY) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"Content_Type": "text/html"},
        {"key": "chain/other/photo"},
        {"x_amz_checksum_algorithm": "CRC32"},
        {"x_amz_signature": "0" * 64},
    ],
)
async def test_another_type_key_algorithm_or_signature_is_refused(
    store: ObjectStore, changed: dict[str, str]
) -> None:
    assert await _post(_policy(store), PHOTO, **changed) in (400, 403)
    assert await store.head(KEY) is None


@pytest.mark.parametrize("left_out", ["Content-Type", "x-amz-checksum-sha256"])
async def test_a_form_that_leaves_a_condition_out_is_refused(
    store: ObjectStore, left_out: str
) -> None:
    upload = _policy(store)
    del upload.fields[left_out]
    assert await _post(upload, PHOTO) in (400, 403)
    assert await store.head(KEY) is None


async def test_the_policy_fixes_the_size_so_that_no_byte_too_many_is_taken_in(
    object_store_settings: ObjectStoreSettings,
) -> None:
    store = ObjectStore(object_store_settings)
    policy = json.loads(base64.b64decode(_policy(store).fields["policy"]))
    await store.close()
    assert ["content-length-range", len(PHOTO), len(PHOTO)] in policy["conditions"]


async def test_an_expired_policy_is_refused(store: ObjectStore) -> None:
    assert await _post(_policy(store, timedelta(seconds=-5)), PHOTO) in (400, 403)


async def test_the_same_bytes_again_are_a_new_version_and_the_first_stays(
    store: ObjectStore,
) -> None:
    upload = _policy(store)
    assert await _post(upload, PHOTO) == 204
    first = await store.head(KEY)
    assert await _post(upload, PHOTO) == 204
    second = await store.head(KEY)
    assert first is not None
    assert second is not None
    assert first.version_id != second.version_id
    assert await store.head(KEY, version_id=first.version_id) == first


@pytest.mark.parametrize("size", [len(PHOTO), 10**9])
async def test_an_objects_facts_come_with_its_first_bytes_and_no_more(
    store: ObjectStore, size: int
) -> None:
    """One request for a small object, two for a large one; either gives the same."""
    assert await store.read_start(KEY, 4, size=size) is None
    await _post(_policy(store), PHOTO)
    stored = await store.head(KEY)
    for _ in range(3):
        assert await store.read_start(KEY, 4, size=size) == (stored, PHOTO[:4])
    assert await store.read_start(KEY, 10_000, size=size) == (stored, PHOTO)


async def test_a_link_shows_the_object_to_one_without_a_key(store: ObjectStore) -> None:
    await _post(_policy(store), PHOTO)
    stored = await store.head(KEY)
    assert stored is not None
    link = store.presign_download(
        KEY, version_id=stored.version_id, expires=MINUTES, filename='a"\r\nb.jpg'
    )
    async with httpx.AsyncClient() as client:
        answer = await client.get(link)
        unsigned = await client.get(link.partition("?")[0])
    assert answer.content == PHOTO
    assert answer.headers["content-disposition"] == 'attachment; filename="a___b.jpg"'
    assert unsigned.status_code == 403


async def test_the_bucket_is_versioned_and_making_it_again_is_harmless(store: ObjectStore) -> None:
    await asyncio.gather(*(store.ensure_bucket() for _ in range(4)))
    assert store._client.get_bucket_versioning(store.bucket).status == ENABLED
    assert store._client.get_object_lock_config(store.bucket) is not None


async def test_what_was_never_stored_is_none(store: ObjectStore) -> None:
    assert await store.head("chain/visit/nothing") is None
    assert await store.head(KEY, version_id="7f8c9a54-0b1d-4a56-9f3c-000000000000") is None


async def test_links_name_the_public_endpoint_where_it_differs(
    object_store_settings: ObjectStoreSettings,
) -> None:
    outside = object_store_settings.model_copy(
        update={"public_endpoint": "https://media.example.org"}
    )
    store = ObjectStore(outside)
    assert _policy(store).url == f"https://media.example.org/{store.bucket}"
    link = store.presign_download(KEY, version_id=None, expires=MINUTES)
    assert link.startswith(f"https://media.example.org/{store.bucket}/{KEY}?")
    await store.close()


async def test_a_store_that_is_down_or_refuses_the_service_is_unavailable(
    object_store_settings: ObjectStoreSettings,
) -> None:
    down = ObjectStore(object_store_settings.model_copy(update={"endpoint": "http://127.0.0.1:1"}))
    refused = ObjectStore(object_store_settings.model_copy(update={"access_key": "unknown"}))
    for store in (down, refused):
        with pytest.raises(Unavailable):
            await store.read_start(KEY, 4, size=4)
        await store.close()
