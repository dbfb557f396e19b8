"""One keep-alive HTTP connection that sends bytes made beforehand: the client must cost little."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httptools

TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Response:
    """Status, body and lower-case headers of an answer."""

    status: int
    body: bytes
    headers: Mapping[bytes, bytes]


class Connection(asyncio.Protocol):
    """Sends one request after the other; connects anew when the server has closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []

    async def send(self, *parts: bytes) -> Response:
        """The answer to the request that the parts make. Raises OSError, TimeoutError."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, *self._address)
        assert self._transport is not None  # noqa: S101 — connection_made was called
        self._answer = loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._body = {}, []
        self._transport.writelines(parts)
        timeout = loop.call_later(TIMEOUT_S, self._fail, TimeoutError("no answer"))
        try:
            return await self._answer
        finally:
            timeout.cancel()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass

    def data_received(self, data: bytes) -> None:
        if self._parser is not None:
            self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(exc or ConnectionResetError("closed before the answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done() and self._parser is not None:
            status = self._parser.get_status_code()
            self._answer.set_result(Response(status, b"".join(self._body), self._headers))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
