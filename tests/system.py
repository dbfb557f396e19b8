"""The five services as a test sees them: where they listen, what they wrote, raw requests."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx

from incognita_local.services import NAMES, Running

T = TypeVar("T")
PROBLEM_JSON = "application/problem+json"
WITHIN_S = 30.0
PROBES = {
    "assignment": "GET /v1/visits?limit=1",
    "evidence": "GET /v1/reports?limit=1",
    "scoring": "GET /v1/scores?limit=1",
    "comparison": "GET /v1/trend?limit=1",
    "notification": "GET /v1/deliveries:counts",
}
"""A request that reads little, for each service."""


@dataclass(frozen=True)
class System:
    """``directory`` holds the services' logs and traces."""

    running: Running
    namespace: str
    directory: Path

    @property
    def urls(self) -> Mapping[str, str]:
        """Service → where it listens."""
        return self.running.urls

    @property
    def traces(self) -> Path:
        """Where the services write their spans."""
        return self.directory / "traces"

    def spans(self, visit_id: str) -> list[dict[str, Any]]:
        """The lines of the visit's trace written so far, and of the batches linked to it."""
        found = []
        for path in sorted(self.traces.glob("[!m]*.jsonl")):  # the others are metrics
            for line in path.read_text(encoding="utf-8").splitlines():
                if visit_id in line:
                    found.append(json.loads(line))
        return found

    async def ask(
        self, service: str, request: str, *, key: str | None, **options: Any
    ) -> httpx.Response:
        """One request, ``"METHOD /path"``, not repeated; the answer whatever it is."""
        method, path = request.split(" ", 1)
        headers = dict(options.pop("headers", None) or {})
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        async with plain_http(timeout_s=60) as http:
            return await http.request(method, self.urls[service] + path, headers=headers, **options)

    async def known_everywhere(self, key: str) -> None:
        """Wait until each service takes the key: its event has arrived."""
        for service in NAMES:
            await eventually(partial(self.takes, service, key), f"{service} knows the key")

    async def takes(self, service: str, key: str) -> bool:
        """Whether the service knows the key, whatever its role may do."""
        answer = await self.ask(service, PROBES[service], key=key)
        return answer.status_code != httpx.codes.UNAUTHORIZED


def plain_http(*, timeout_s: float) -> httpx.AsyncClient:
    """A client for services on this machine; reading certificates, never used, costs 20 ms each."""
    return httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=False)  # noqa: S501


async def eventually(
    check: Callable[[], Awaitable[T]], what: str, *, within_s: float = WITHIN_S
) -> T:
    """The first true result of ``check``; fails, naming ``what`` and the last, after a while."""
    deadline = time.monotonic() + within_s
    while True:
        found = await check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}; at last: {found!r}")
        await asyncio.sleep(0.1)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer's problem details; asserts their status, type and shape."""
    assert answer.status_code == status, answer.text[:2_000]
    assert answer.headers["content-type"].partition(";")[0] == PROBLEM_JSON
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert "Traceback" not in answer.text
    return found


async def is_ready(url: str) -> bool:
    """Whether the service there says that it makes progress."""
    try:
        async with plain_http(timeout_s=5) as http:
            return (await http.get(f"{url}/health/ready")).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
