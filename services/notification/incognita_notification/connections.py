"""The HTTP transport of webhooks: it connects to checked addresses only (see ``addresses``).

httpx takes no network backend, so its transport is written here over httpcore's public pool, which
does. TLS is still made for the name in the URL: only the TCP connection is pinned.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore
import httpx

from incognita_notification.addresses import is_public, parse_address

MAX_LOOKUPS = 16
KEEPALIVE_S = 30.0


class AddressRefused(httpcore.ConnectError):
    """The name leads to an address that webhooks must not reach."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to what was checked.

    One forbidden address in an answer is enough to refuse it: an honest public name has none.
    Lookups have their own threads, so that slow name servers hold up nothing else.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()
        self._lookups = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="webhook-dns")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first checked address of ``host`` that answers."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks its backend to."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Let the lookup threads end."""
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._lookups, self.resolve, host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} can't be resolved: {error}") from None
        if not self._allow_private:
            for text in found:
                address = parse_address(text)
                if address is None or not is_public(address):
                    raise AddressRefused(f"{host} leads to {text}, not a public address")
        return found

    def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of ``host``, each once, in the system's order of preference."""
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class CheckedTransport(httpx.AsyncBaseTransport):
    """An httpx transport over a pool whose connections are made by a ``CheckedBackend``.

    Raises httpcore's exceptions.
    """

    def __init__(
        self, backend: CheckedBackend, *, max_connections: int, trust: ssl.SSLContext | None = None
    ) -> None:
        self._backend = backend
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or httpx.create_ssl_context(),
            max_connections=max_connections,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; nothing is followed, retried or sent through a proxy."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._backend.close()
