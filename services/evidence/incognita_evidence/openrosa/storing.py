"""Files on their way through the service into the object store, a few megabytes at a time.

A file whose visit and hash are known only at its end waits under a key of its own; the store then
copies it to where it belongs and reckons its SHA-256 itself, as it does for a presigned upload.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from minio import Minio
from minio.datatypes import Part

from incognita_evidence.inspection import media_types
from incognita_shared.ids import new_id
from incognita_shared.objects import ObjectStore
from incognita_shared.problems import TooLarge

PART_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 takes; two of them at most are in memory for one file."""
UNKNOWN_TYPE = "application/octet-stream"

T = TypeVar("T")


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole file that came in, ``size`` in bytes, not yet where it belongs.

    It is in ``data``, or lies in the store under ``key`` as ``version_id``. ``types``: what its
    first bytes may be, the likeliest first.
    """

    name: str
    declared_type: str
    sha256: str
    size: int
    types: tuple[str, ...]
    data: bytes | None = None
    key: str | None = None
    version_id: str | None = None


class Staging:
    """One file that comes in. After ``write``s, ``end`` it, or ``discard`` what there is of it."""

    def __init__(
        self, store: ObjectStore, *, chain_id: str, name: str, declared_type: str, most: int
    ) -> None:
        self._store, self._name, self._declared_type = store, name, declared_type
        self._most = most
        self._key = f"{chain_id}/incoming/{new_id()}"
        self._buffer = bytearray()
        self._hash = hashlib.sha256()
        self._size = 0
        self._types: tuple[str, ...] = ()
        self._upload_id: str | None = None
        self._parts: list[Part] = []

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises TooLarge beyond the most that a file may have."""
        self._size += len(chunk)
        if self._size > self._most:
            raise TooLarge(f"A file has at most {self._most:,} bytes")
        self._buffer += chunk
        if len(self._buffer) >= PART_BYTES:
            await self._send_part()

    async def end(self) -> Staged:
        """The file, whole."""
        if self._upload_id is None:
            data = bytes(self._buffer)
            self._buffer.clear()
            digest = hashlib.sha256(data).hexdigest()
            return replace(self._staged(digest, types=media_types(data)), data=data)
        if self._buffer:
            await self._send_part()
        upload_id, parts = self._upload_id, self._parts
        done = await self._run(
            "CompleteMultipartUpload",
            lambda client: client._complete_multipart_upload(
                self._store.bucket, self._key, upload_id, parts
            ),
        )
        self._upload_id = None
        staged = self._staged(self._hash.hexdigest(), types=self._types)
        return replace(staged, key=self._key, version_id=done.version_id)

    async def discard(self) -> None:
        """Leave nothing in the store of a file that did not come whole."""
        if self._upload_id is not None:
            upload_id, self._upload_id = self._upload_id, None
            await self._run(
                "AbortMultipartUpload",
                lambda client: client._abort_multipart_upload(
                    self._store.bucket, self._key, upload_id
                ),
            )

    async def _send_part(self) -> None:
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._upload_id is None:
            self._types = media_types(data)
            headers: dict[str, Any] = {"Content-Type": _stored_type(self._types)}
            upload_id = await self._run(
                "CreateMultipartUpload",
                lambda client: client._create_multipart_upload(
                    self._store.bucket, self._key, headers
                ),
            )
            self._upload_id = upload_id
        else:
            upload_id = self._upload_id
        number = len(self._parts) + 1

        def send(client: Minio) -> str:
            self._hash.update(data)
            return client._upload_part(self._store.bucket, self._key, data, None, upload_id, number)

        self._parts.append(Part(number, await self._run("UploadPart", send)))

    def _staged(self, digest: str, *, types: tuple[str, ...]) -> Staged:
        return Staged(self._name, self._declared_type, digest, self._size, types)

    async def _run(self, operation: str, request: Callable[[Minio], T]) -> T:
        return await self._store.run(operation, self._key, request)


async def parked(store: ObjectStore, staged: Staged, *, chain_id: str) -> Staged:
    """The same file in the store rather than in memory, until it is known where it belongs."""
    if staged.data is None:
        return staged
    key = f"{chain_id}/incoming/{new_id()}"
    version_id = await _put(store, key, staged.data, _stored_type(staged.types), staged.sha256)
    return replace(staged, data=None, key=key, version_id=version_id)


async def keep(store: ObjectStore, staged: Staged, key: str) -> None:
    """Bring the file to ``key``, with the store's own SHA-256; nothing to do if it is there."""
    stored = await store.head(key)
    there = stored is not None and (stored.sha256, stored.size) == (staged.sha256, staged.size)
    if staged.data is not None:
        if not there:
            await _put(store, key, staged.data, _stored_type(staged.types), staged.sha256)
        return
    if not there:
        source = f"/{store.bucket}/{staged.key}"
        headers: dict[str, Any] = {
            "x-amz-copy-source": f"{source}?versionId={staged.version_id}"
            if staged.version_id
            else source,
            "x-amz-checksum-algorithm": "SHA256",
        }
        await store.run(
            "CopyObject",
            key,
            lambda client: client._execute("PUT", store.bucket, key, headers=headers),
        )
    await remove(store, staged)


async def remove(store: ObjectStore, staged: Staged) -> None:
    """Remove what waits in the store of a file that is kept elsewhere, or not at all."""
    key = staged.key
    if key is not None:
        await store.run(
            "DeleteObject",
            key,
            lambda client: client.remove_object(store.bucket, key, version_id=staged.version_id),
        )


async def put(store: ObjectStore, key: str, data: bytes, *, content_type: str) -> None:
    """Store ``data`` under ``key`` with its SHA-256."""
    await _put(store, key, data, content_type, hashlib.sha256(data).hexdigest())


async def _put(
    store: ObjectStore, key: str, data: bytes, content_type: str, sha256: str
) -> str | None:
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    headers: dict[str, Any] = {"Content-Type": content_type, "x-amz-checksum-sha256": checksum}
    done = await store.run(
        "PutObject", key, lambda client: client._put_object(store.bucket, key, data, headers)
    )
    return done.version_id


def _stored_type(types: tuple[str, ...]) -> str:
    """Never what a client said: a browser that follows a link to it would believe it."""
    return types[0] if types else UNKNOWN_TYPE
