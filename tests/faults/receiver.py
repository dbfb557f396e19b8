"""The chain's end of the webhooks: it refuses some, breaks off others, and notes what it took."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError

from tests.faults.ledger import Ledger

REFUSED, SILENT, BROKEN_OFF = 0.1, 0.02, 0.05
SILENT_S = 10.0  # longer than any sender of a fault run waits
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass
class Receiver:
    """``secrets``: path → signing secret. Only what is answered with 2xx is taken."""

    ledger: Ledger
    rng: random.Random
    secrets: dict[str, str] = field(default_factory=dict)
    url: str = ""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            return
        body, draw = await _body(receive), self.rng.random()
        if body is None:
            self.ledger.did["webhooks broken off by their sender"] += 1
            return
        if draw < SILENT:
            self.ledger.did["webhooks left unanswered"] += 1
            await asyncio.sleep(SILENT_S)
            return
        if draw < SILENT + REFUSED:
            self.ledger.did["webhooks refused"] += 1
            status = 500
        else:
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            status = 204 if self._takes(scope["path"], headers, body) else 400
            if draw < SILENT + REFUSED + BROKEN_OFF and status == 204:
                self.ledger.did["webhooks taken, the answer broken off"] += 1
                await send(_start(200, length=100))
                return  # the server closes the connection of an answer that is not whole
        await send(_start(status))
        await send({"type": "http.response.body", "body": b""})

    def _takes(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        try:
            Webhook(self.secrets[path]).verify(body, headers)
        except (WebhookVerificationError, KeyError):
            valid = False
        else:
            valid = True
        self.ledger.did["webhooks taken" if valid else "webhooks not believed"] += 1
        self.ledger.webhooks.append((headers.get("webhook-id", ""), valid))
        return valid


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[None]:
    """Serve it on a free port of this machine; ``receiver.url`` has no path."""
    config = uvicorn.Config(
        receiver, host="127.0.0.1", port=0, log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        port = server.servers[0].sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}"
        yield
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where the sender has gone before its end."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _start(status: int, *, length: int = 0) -> dict[str, Any]:
    headers = [(b"content-length", str(length).encode())] if status != 204 else []
    return {"type": "http.response.start", "status": status, "headers": headers}
