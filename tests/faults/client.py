"""A patient client of the public API that writes down what it was told."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from incognita_demo.api import FIRST_PAUSE_S, TRY_AGAIN, Api, ApiError
from incognita_shared.ids import new_id
from tests.faults.ledger import Ledger

PATIENCE_S = 150.0
REQUEST_TIMEOUT_S = 5.0
"""As on a phone: after so long nobody knows whether the request was heard."""
IDEMPOTENCY_KEY = "Idempotency-Key"
Urls = Callable[[str], Sequence[str]]


class Client(Api):
    """Asks any worker of a service; repeats what may succeed later with the same key.

    Every POST carries an ``Idempotency-Key``. A status of 5xx is never an answer: it is asked
    again, and counted.
    """

    def __init__(self, urls: Urls, ledger: Ledger, *, connections: int) -> None:
        super().__init__({}, connections=connections)
        self._http.timeout = httpx.Timeout(REQUEST_TIMEOUT_S)
        self._workers = urls
        self._ledger = ledger
        self.patience_s = PATIENCE_S

    async def call(
        self,
        service: str,
        request: str,
        *,
        key: str,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        wait_while: frozenset[int] = frozenset(),
    ) -> Any:
        """As ``Api.call``. Raises ApiError with status 0 when nobody knows what came of it."""
        method, path = request.split(" ", 1)
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        if method == "POST":
            sent.setdefault(IDEMPOTENCY_KEY, new_id())
        pause, deadline = FIRST_PAUSE_S, time.monotonic() + self.patience_s
        heard = False
        while True:
            url = random.choice(self._workers(service)) + path
            answer, failure = await self._once(method, url, json=json, content=content, sent=sent)
            if answer is not None and answer.is_success:
                return answer.json() if answer.content else None
            status = answer.status_code if answer is not None else 0
            heard = heard or status == 0 or status >= 500
            later = status == 0 or status >= 500 or status in TRY_AGAIN or status in wait_while
            later = later or (answer is not None and "retry-after" in answer.headers)
            if not later or time.monotonic() > deadline:
                unknown = later and heard
                raise ApiError(f"{service} {request}", 0 if unknown else status, _said(answer))
            self.retries += 1
            self._ledger.asked_again[_why(status, failure)] += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.6, 2.0)

    async def _once(
        self, method: str, url: str, *, json: Any, content: bytes | None, sent: Mapping[str, str]
    ) -> tuple[httpx.Response | None, str]:
        self.requests += 1
        try:
            answer = await self._http.request(
                method, url, json=json, content=content, headers=dict(sent)
            )
        except httpx.TransportError as error:
            return None, type(error).__name__
        return answer, ""


def _said(answer: httpx.Response | None) -> Any:
    if answer is None:
        return "no answer"
    try:
        return answer.json()
    except ValueError:
        return answer.text[:500]


def _why(status: int, failure: str) -> str:
    return failure or str(status)
