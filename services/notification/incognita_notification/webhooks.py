"""Sends one delivery as a webhook by the Standard Webhooks specification."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import aiohttp
from standardwebhooks import Webhook
from yarl import URL

from incognita_notification.addresses import UrlRefused, check_url
from incognita_notification.attempts import EXCERPT_BYTES, Attempt, Verdict
from incognita_notification.connections import AddressRefused, CheckedResolver, checked_connector
from incognita_notification.retries import retry_after_s
from incognita_shared.clock import now

USER_AGENT = "Incognita-Webhooks/1"
_EXCERPT_TIMEOUT_S = 2.0
_HEEDED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_CONNECTION_FAULTS = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    excerpt: str
    retry_after_s: float | None


def signed_headers(
    message_id: str, body: str, secrets: Sequence[str], moment: datetime
) -> dict[str, str]:
    """``webhook-id``, ``-timestamp`` and ``-signature``: one signature for each secret."""
    signatures = [
        Webhook(secret).sign(msg_id=message_id, timestamp=moment, data=body) for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@asynccontextmanager
async def webhook_client(
    *, allow_private: bool, max_connections: int
) -> AsyncIterator[aiohttp.ClientSession]:
    """The client that all webhooks are sent by: no proxy, no redirects, no cookies."""
    resolver = CheckedResolver(allow_private=allow_private)
    connector = checked_connector(
        resolver, allow_private=allow_private, max_connections=max_connections
    )
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),  # each attempt has its own
            trust_env=False,
        ) as client:
            yield client
    finally:
        await resolver.close()


class WebhookChannel:
    """Posts messages and says what came of it; never raises for what a receiver does."""

    def __init__(
        self, client: aiohttp.ClientSession, *, timeout_s: float, allow_private: bool
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._allow_private = allow_private

    async def send(
        self,
        url: str,
        *,
        message_id: str,
        body: str,
        secrets: Sequence[str],
        trace: Mapping[str, str],
    ) -> Attempt:
        """One attempt; its status comes within the time-out, or it has failed."""
        started, clock = now(), time.monotonic()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "accept-encoding": "identity",
            **trace,
            **signed_headers(message_id, body, secrets, started),
        }
        answer, error = None, None
        try:
            check_url(url, allow_private=self._allow_private)
            answer = await self._post(url, headers, body)
        except (UrlRefused, AddressRefused) as refused:
            error = f"target refused: {refused}"
        except TimeoutError:
            error = f"no answer within {self._timeout_s:g} s"
        except _CONNECTION_FAULTS as fault:
            error = f"{type(fault).__name__}: {fault}"
        return _attempt(answer, error, started, round((time.monotonic() - clock) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: str) -> _Answer:
        async with asyncio.timeout(self._timeout_s):
            response = await self._client.post(
                URL(url, encoded=True), data=body.encode(), headers=headers, allow_redirects=False
            )
        async with response:
            wait_s = None
            if response.status in _HEEDED:
                wait_s = retry_after_s(response.headers.get("retry-after"), now())
            return _Answer(response.status, await _excerpt(response), wait_s)


async def _excerpt(response: aiohttp.ClientResponse) -> str:
    """The beginning of the body, as far as it comes; the status has already decided.

    The rest is not read: the connection is closed instead.
    """
    kept = b""
    with suppress(TimeoutError, *_CONNECTION_FAULTS):
        async with asyncio.timeout(_EXCERPT_TIMEOUT_S):
            async for part in response.content.iter_any():
                kept += part[: EXCERPT_BYTES + 1 - len(kept)]
                if len(kept) > EXCERPT_BYTES:
                    break
    return kept[:EXCERPT_BYTES].decode("utf-8", "replace")


def _attempt(
    answer: _Answer | None, error: str | None, started: datetime, duration_ms: int
) -> Attempt:
    if answer is None:
        return Attempt(Verdict.FAILED, at=started, duration_ms=duration_ms, error=error)
    verdict = _verdict(answer.status)
    if verdict is not Verdict.DELIVERED:
        error = f"the receiver answered {answer.status}"
    return Attempt(
        verdict,
        at=started,
        duration_ms=duration_ms,
        status=answer.status,
        error=error,
        response=answer.excerpt,
        retry_after_s=answer.retry_after_s,
    )


def _verdict(status: int) -> Verdict:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict.DELIVERED
    return Verdict.GONE if status == HTTPStatus.GONE else Verdict.FAILED
