"""Signed S3 requests that read, on the event loop: a thread for each would fight for the GIL.

Signing is MinIO's own (AWS Signature Version 4), the transport aiohttp's.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from urllib.parse import SplitResult, quote, urlsplit

import aiohttp
import certifi
from minio.credentials.credentials import Credentials
from minio.helpers import DictType
from minio.signer import sign_v4_s3
from minio.time import to_amz_date
from yarl import URL

from incognita_shared.clock import now
from incognita_shared.settings import ObjectStoreSettings

FAULTS = (aiohttp.ClientError, OSError, TimeoutError)
_NO_BODY = sha256().hexdigest()
_ATTEMPTS = 3
_PAUSE_S = 0.2
_TRY_AGAIN = frozenset({500, 502, 503, 504})
_CONNECT_S = 3.0
_UNRESERVED = "-_.~"
_CODE = re.compile(rb"<Code>(\w+)</Code>")
_LONGEST_FAULT = 4_096


class StoreRefused(aiohttp.ClientError):
    """The store's answer is a fault. ``code``: S3's name of it, or the status for a HEAD."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the object store answered {code}")
        self.code = code


class SignedReads:
    """GET and HEAD of one bucket's objects over connections that are kept.

    What they raise is one of ``FAULTS``; ``StoreRefused`` among them tells the store's code.
    """

    def __init__(self, settings: ObjectStoreSettings, bucket: str) -> None:
        self._settings = settings
        self._address = urlsplit(settings.endpoint.rstrip("/"))
        self._bucket = bucket
        secret = settings.secret_key.get_secret_value()
        self._credentials = Credentials(settings.access_key, secret)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def answer(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str],
        *,
        version_id: str | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The store's answer, its body still to be read; a fault of the moment is tried again."""
        response = await self._tried(method, self._url(key, version_id), headers)
        async with response:
            if not response.ok:
                raise StoreRefused(await _code(response))
            yield response

    async def _tried(
        self, method: str, url: SplitResult, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        for attempt in range(1, _ATTEMPTS):
            try:
                response = await self._send(method, url, headers)
            except FAULTS:
                pass
            else:
                if response.status not in _TRY_AGAIN:
                    return response
                response.close()
            await asyncio.sleep(_PAUSE_S * 2 ** (attempt - 1))
        return await self._send(method, url, headers)

    async def _send(
        self, method: str, url: SplitResult, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        at = now()
        signed: DictType = {
            **headers,
            "Host": url.netloc,
            "x-amz-content-sha256": _NO_BODY,
            "x-amz-date": to_amz_date(at),
        }
        sign_v4_s3(
            method=method,
            url=url,
            region=self._settings.region,
            headers=signed,
            credentials=self._credentials,
            content_sha256=_NO_BODY,
            date=at,
        )
        session = self._session = self._session or self._connected()
        named = {name: str(value) for name, value in signed.items()}
        address = URL(url.geturl(), encoded=True)
        return await session.request(method, address, headers=named, allow_redirects=False)

    def _connected(self) -> aiohttp.ClientSession:
        secure = self._address.scheme == "https"
        trusted = ssl.create_default_context(cafile=certifi.where()) if secure else True
        limit = self._settings.max_connections
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit, ssl=trusted),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=self._settings.timeout_s
            ),
        )

    def _url(self, key: str, version_id: str | None) -> SplitResult:
        path = f"/{self._bucket}/{quote(key, safe='/' + _UNRESERVED)}"
        query = f"versionId={quote(version_id, safe=_UNRESERVED)}" if version_id else ""
        return self._address._replace(path=path, query=query)


async def _code(response: aiohttp.ClientResponse) -> str:
    found = _CODE.search(await response.content.read(_LONGEST_FAULT))
    return found.group(1).decode() if found else str(response.status)
