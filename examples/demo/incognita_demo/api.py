"""A client of the public API that a weak network, or a service started again, does not put off."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE_S = 120.0
FIRST_PAUSE_S = 0.25
TRY_AGAIN = frozenset({429, 502, 503, 504})


class ApiError(Exception):
    """The API refused; ``problem`` is its RFC 9457 answer."""

    def __init__(self, what: str, status: int, problem: Any) -> None:
        super().__init__(f"{what}: {status} {problem}")
        self.status = status
        self.problem = problem if isinstance(problem, dict) else {}


class Api:
    """All five services, by name. Every request of the demo may be repeated."""

    def __init__(self, urls: Mapping[str, str], *, connections: int) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.AsyncClient(limits=limits, timeout=30, trust_env=False)
        self._urls = dict(urls)
        self.requests = 0
        self.retries = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

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
        """``request`` is ``"METHOD /path"``. Repeats what may succeed later. Raises ApiError.

        ``wait_while`` names further statuses that only say "not yet" (an event still on its way).
        """
        method, path = request.split(" ", 1)
        pause, deadline = FIRST_PAUSE_S, time.monotonic() + PATIENCE_S
        while True:
            status, problem, retry_after = 0, None, None
            try:
                self.requests += 1
                answer = await self._http.request(
                    method,
                    self._urls[service] + path,
                    json=json,
                    content=content,
                    headers={"Authorization": f"Bearer {key}", **(headers or {})},
                )
            except httpx.TransportError as error:
                problem = repr(error)
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                status, problem = answer.status_code, _json(answer)
                retry_after = answer.headers.get("retry-after")
            later = status == 0 or status in TRY_AGAIN or retry_after or status in wait_while
            if not later or time.monotonic() > deadline:
                raise ApiError(f"{service} {request}", status, problem)
            self.retries += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.6, 2.0)

    async def upload(self, url: str, fields: Mapping[str, str], data: bytes) -> int:
        """Post a file straight to the object store; returns the status, 0 for a lost connection."""
        try:
            answer = await self._http.post(url, data=dict(fields), files={"file": data})
        except httpx.TransportError:
            return 0
        return answer.status_code

    async def pages(self, service: str, path: str, *, key: str) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor, joint = "", "&" if "?" in path else "?"
        while True:
            more = f"{joint}limit=500" + (f"&cursor={cursor}" if cursor else "")
            page = await self.call(service, f"GET {path}{more}", key=key)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:500]
