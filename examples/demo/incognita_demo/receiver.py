"""The chain's own end of the webhooks: checks every signature, counts every message once."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FLAGGED = "incognita.report.flagged.v1"


@dataclass
class Inbox:
    """What has come. ``visits``: event type → visit id → how many different messages."""

    secret: str = ""
    ids: set[str] = field(default_factory=set)
    repeated: int = 0
    refused: int = 0
    visits: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    flagged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Visit id → codes of the findings, of any revision of the report."""

    async def receive(self, request: Request) -> Response:
        """204 for a message with a good signature, 400 for any other."""
        body = await request.body()
        try:
            Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return Response(status_code=400)
        name = request.headers["webhook-id"]
        if name in self.ids:
            self.repeated += 1
            return Response(status_code=204)
        self.ids.add(name)
        message = json.loads(body)
        visit = message["data"]["visit_id"]
        self.visits[message["type"]][visit] += 1
        if message["type"] == FLAGGED:
            self.flagged[visit].update(each["code"] for each in message["data"]["findings"])
        return Response(status_code=204)


@asynccontextmanager
async def receiving(inbox: Inbox) -> AsyncIterator[str]:
    """A server on a free port of this machine; gives the URL to subscribe."""
    app = Starlette(routes=[Route("/incognita", inbox.receive, methods=["POST"])])
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/incognita"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)
