"""The object store, by plain S3 calls, so that any S3 store can take MinIO's place.

Media never pass through a service: a client uploads by a presigned policy that fixes key, type,
size and SHA-256, so that the store itself refuses other bytes; a service only asks for the facts.
"""

import asyncio
import base64
import binascii
import functools
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
import certifi
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.datatypes import PostPolicy
from minio.error import MinioException, S3Error
from minio.versioningconfig import VersioningConfig
from opentelemetry.trace import SpanKind

from incognita_shared.clock import now
from incognita_shared.object_requests import FAULTS, SignedReads, StoreRefused
from incognita_shared.problems import Unavailable
from incognita_shared.settings import ObjectStoreSettings, bucket_name
from incognita_shared.telemetry import tracer

T = TypeVar("T")
_ABSENT = frozenset(
    {"NoSuchKey", "NoSuchVersion", "NoSuchObject", "MethodNotAllowed", "404", "405"}
)
"""S3's codes for what is not there; the answer to a HEAD has its status alone."""
_WITH_CHECKSUM = {"x-amz-checksum-mode": "ENABLED"}
_SMALL_BYTES = 512_000
_CREATED_BEFORE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that the client posts to ``url``: ``fields`` as they are, then ``file``, last."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store itself says of an object. ``sha256``: hexadecimal, None if it has none."""

    size: int
    content_type: str
    sha256: str | None
    version_id: str | None


class ObjectStore:
    """One bucket, over at most ``max_connections`` connections; a context that ends them.

    Requests raise ``Unavailable`` when the store does not answer or refuses the service itself.
    """

    def __init__(self, settings: ObjectStoreSettings) -> None:
        self._settings = settings
        self.bucket = bucket_name(settings.bucket)
        self._public_endpoint = (settings.public_endpoint or settings.endpoint).rstrip("/")
        self._connections = _connections(settings)
        self._client = _client(settings, settings.endpoint, self._connections)
        self._public_client = _client(settings, self._public_endpoint, self._connections)
        self._reads = SignedReads(settings, self.bucket)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._reads.close()
        self._connections.clear()

    async def ensure_bucket(self) -> None:
        """Create the bucket if it is missing: versioned, and with object lock where there is."""
        await self.run("CreateBucket", None, self._make_bucket)

    async def run(self, operation: str, key: str | None, request: Callable[[Minio], T]) -> T:
        """What ``request`` gets from the S3 client, in a thread: for what is rare or large."""
        async with self._traced(operation, key):
            return await asyncio.to_thread(request, self._client)

    def presign_upload(
        self, key: str, *, content_type: str, size: int, sha256: str, expires: timedelta
    ) -> Upload:
        """A policy by which exactly these bytes can be stored under ``key``, until it expires.

        ``size`` in bytes, ``sha256`` in hexadecimal. No request is made.
        """
        expires_at = now() + expires
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        fixed = {
            "key": key,
            "Content-Type": content_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": checksum,
        }
        policy = PostPolicy(self.bucket, expires_at)
        for name, value in fixed.items():
            policy.add_equals_condition(name, value)
        policy.add_content_length_range_condition(size, size)
        signed = self._public_client.presigned_post_policy(policy)
        url = f"{self._public_endpoint}/{self.bucket}"
        return Upload(url, {**fixed, **signed}, expires_at)

    def presign_download(
        self,
        key: str,
        *,
        version_id: str | None,
        expires: timedelta,
        filename: str | None = None,
    ) -> str:
        """A link to one version of an object, for a reader without a key; no request is made."""
        headers: dict[str, str | list[str] | tuple[str]] = {}
        if filename:
            headers["response-content-disposition"] = f'attachment; filename="{_plain(filename)}"'
        return self._public_client.presigned_get_object(
            self.bucket, key, expires=expires, version_id=version_id, response_headers=headers
        )

    async def head(self, key: str, *, version_id: str | None = None) -> Stored | None:
        """The facts about the newest (or the given) version, or None if there is none."""
        async with self._traced("HeadObject", key):
            return await self._head(key, version_id)

    async def read_start(self, key: str, length: int, *, size: int) -> tuple[Stored, bytes] | None:
        """The newest version's facts and up to ``length`` first bytes, or None if there is none.

        ``size`` is what it is expected to have, in bytes. A ranged read tells no checksum, so it
        takes two requests, but for a small object one that reads it whole.
        """
        async with self._traced("GetObject", key):
            if size <= _SMALL_BYTES:
                return await self._whole(key, length)
            stored = await self._head(key, None)
            if stored is None:
                return None
            return stored, await self._range(key, stored.version_id, length)

    @asynccontextmanager
    async def _traced(self, operation: str, key: str | None = None) -> AsyncIterator[None]:
        attributes = {"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": operation}
        attributes["aws.s3.bucket"] = self.bucket
        if key is not None:
            attributes["aws.s3.key"] = key
        name = f"S3/{operation}"
        with tracer().start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes):
            try:
                yield
            except (MinioException, urllib3.exceptions.HTTPError, *FAULTS) as error:
                code = getattr(error, "code", type(error).__name__)
                _log.warning("object store: %s failed: %s", operation, code)
                raise Unavailable("The object store does not answer right now") from error

    async def _head(self, key: str, version_id: str | None) -> Stored | None:
        try:
            async with self._reads.answer(
                "HEAD", key, _WITH_CHECKSUM, version_id=version_id
            ) as found:
                return _stored(found.headers)
        except StoreRefused as refused:
            _pass_if_absent(refused)
            return None

    async def _whole(self, key: str, length: int) -> tuple[Stored, bytes] | None:
        try:
            async with self._reads.answer("GET", key, _WITH_CHECKSUM) as found:
                return _stored(found.headers), await _first(found, length)
        except StoreRefused as refused:
            _pass_if_absent(refused)
            return None

    async def _range(self, key: str, version_id: str | None, length: int) -> bytes:
        headers = {"Range": f"bytes=0-{length - 1}"}
        async with self._reads.answer("GET", key, headers, version_id=version_id) as found:
            return await _first(found, length)

    def _make_bucket(self, client: Minio) -> None:
        try:
            client.make_bucket(self.bucket, self._settings.region, object_lock=True)
        except S3Error as error:
            if error.code == "NotImplemented":  # a store without object lock
                client.make_bucket(self.bucket, self._settings.region)
            elif error.code not in _CREATED_BEFORE:
                raise
        if client.get_bucket_versioning(self.bucket).status != ENABLED:
            client.set_bucket_versioning(self.bucket, VersioningConfig(ENABLED))


def _connections(settings: ObjectStoreSettings) -> urllib3.PoolManager:
    return urllib3.PoolManager(
        maxsize=settings.max_connections,
        timeout=urllib3.Timeout(connect=3.0, read=settings.timeout_s),
        retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        cert_reqs="CERT_REQUIRED",
        ca_certs=certifi.where(),
    )


def _client(settings: ObjectStoreSettings, endpoint: str, http: urllib3.PoolManager) -> Minio:
    address = urlsplit(endpoint)
    # With its region given, the client asks the store for nothing before it signs.
    return Minio(
        address.netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=address.scheme == "https",
        region=settings.region,
        http_client=http,
    )


async def _first(answer: aiohttp.ClientResponse, length: int) -> bytes:
    size = answer.content_length or 0
    if size <= _SMALL_BYTES:
        return (await answer.read())[:length]  # all of it: the connection can be used again
    start = await answer.content.readexactly(length)
    answer.close()
    return start


def _pass_if_absent(refused: StoreRefused) -> None:
    if refused.code not in _ABSENT:
        raise refused


def _stored(headers: Any) -> Stored:
    return Stored(
        size=int(headers.get("Content-Length") or 0),
        content_type=headers.get("Content-Type") or "",
        sha256=_hexadecimal(headers.get("x-amz-checksum-sha256")),
        version_id=headers.get("x-amz-version-id"),
    )


def _hexadecimal(checksum: str | None) -> str | None:
    """None for no checksum and for that of several parts, which is not the hash of the bytes."""
    try:
        return base64.b64decode(checksum, validate=True).hex() if checksum else None
    except binascii.Error:
        return None


@functools.lru_cache(maxsize=256)
def _plain(filename: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename)
    return kept[:100]
