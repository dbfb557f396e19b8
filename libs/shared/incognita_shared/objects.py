"""The object store, by plain S3 calls, so that any S3 store can take MinIO's place.

Media never pass through a service: a client uploads by a presigned policy that fixes key, type,
size and SHA-256, so that the store itself refuses other bytes; a service only asks for the facts.
"""

import asyncio
import base64
import binascii
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.datatypes import PostPolicy
from minio.error import MinioException, S3Error
from minio.helpers import DictType
from minio.versioningconfig import VersioningConfig
from opentelemetry.trace import SpanKind

from incognita_shared.clock import now
from incognita_shared.problems import Unavailable
from incognita_shared.settings import ObjectStoreSettings, bucket_name
from incognita_shared.telemetry import tracer

T = TypeVar("T")
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchObject", "MethodNotAllowed"})
_WITH_CHECKSUM: DictType = {"x-amz-checksum-mode": "ENABLED"}
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
    """One bucket. Calls run in threads, at most ``max_connections`` at once.

    They raise ``Unavailable`` when the store does not answer or refuses the service itself.
    """

    def __init__(self, settings: ObjectStoreSettings) -> None:
        self._settings = settings
        self.bucket = bucket_name(settings.bucket)
        self._public_endpoint = (settings.public_endpoint or settings.endpoint).rstrip("/")
        self._connections = _connections(settings)
        self._client = _client(settings, settings.endpoint, self._connections)
        self._public_client = _client(settings, self._public_endpoint, self._connections)
        self._threads = ThreadPoolExecutor(settings.max_connections, "objects")

    def close(self) -> None:
        """End the threads and connections; calls that are under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connections.clear()

    async def ensure_bucket(self) -> None:
        """Create the bucket if it is missing: versioned, and with object lock where there is."""
        await self._call("CreateBucket", None, self._make_bucket)

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
        return await self._call("HeadObject", key, lambda: self._head(key, version_id))

    async def judge_start(
        self, key: str, length: int, *, size: int, judge: Callable[[Stored, bytes], T]
    ) -> T | None:
        """What ``judge`` makes of the newest version's facts and up to ``length`` first bytes.

        It runs in the thread that read them; None if there is no version. ``size`` is what it is
        expected to have, in bytes. A ranged read tells no checksum, so it takes two requests, but
        for a small object one that reads it whole.
        """
        read = self._whole if size <= _SMALL_BYTES else self._start

        def look() -> T | None:
            found = read(key, length)
            return None if found is None else judge(*found)

        return await self._call("GetObject", key, look)

    async def _call(self, operation: str, key: str | None, request: Callable[[], T]) -> T:
        attributes = {"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": operation}
        attributes["aws.s3.bucket"] = self.bucket
        if key is not None:
            attributes["aws.s3.key"] = key
        loop = asyncio.get_running_loop()
        name = f"S3/{operation}"
        with tracer().start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes):
            try:
                return await loop.run_in_executor(self._threads, request)
            except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
                code = error.code if isinstance(error, S3Error) else type(error).__name__
                _log.warning("object store: %s failed: %s", operation, code)
                raise Unavailable("The object store does not answer right now") from error

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self.bucket, self._settings.region, object_lock=True)
        except S3Error as error:
            if error.code == "NotImplemented":  # a store without object lock
                self._client.make_bucket(self.bucket, self._settings.region)
            elif error.code not in _CREATED_BEFORE:
                raise
        if self._client.get_bucket_versioning(self.bucket).status != ENABLED:
            self._client.set_bucket_versioning(self.bucket, VersioningConfig(ENABLED))

    def _head(self, key: str, version_id: str | None) -> Stored | None:
        try:
            found = self._client.stat_object(
                self.bucket, key, version_id=version_id, extra_headers=_WITH_CHECKSUM
            )
        except S3Error as error:
            if error.code in _ABSENT:
                return None
            raise
        return _stored(found.metadata or {})

    def _whole(self, key: str, length: int) -> tuple[Stored, bytes] | None:
        try:
            response = self._client.get_object(self.bucket, key, request_headers=_WITH_CHECKSUM)
        except S3Error as error:
            if error.code in _ABSENT:
                return None
            raise
        try:
            stored, start = _stored(response.headers), response.read(length)
            if stored.size <= _SMALL_BYTES:
                response.drain_conn()  # what is left; the connection can then be used again
            return stored, start
        finally:
            response.close()
            response.release_conn()

    def _start(self, key: str, length: int) -> tuple[Stored, bytes] | None:
        stored = self._head(key, None)
        return None if stored is None else (stored, self._read(key, stored.version_id, length))

    def _read(self, key: str, version_id: str | None, length: int) -> bytes:
        response = self._client.get_object(
            self.bucket, key, offset=0, length=length, version_id=version_id
        )
        try:
            return response.read(length)
        finally:
            response.close()
            response.release_conn()


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
