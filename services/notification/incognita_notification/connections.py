"""The connections of webhooks: they are made to checked addresses only (see ``addresses``).

TLS is still made for the name in the URL: only the TCP connection is pinned.
"""

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from incognita_notification.addresses import is_public, parse_address

MAX_LOOKUPS = 16
KEEPALIVE_S = 30.0


class AddressRefused(Exception):
    """The name leads to an address that webhooks must not reach."""


class CheckedResolver(AbstractResolver):
    """Resolves a name and checks what comes; what it returns is what is connected to.

    One forbidden address in an answer is enough to refuse it: an honest public name has none.
    Lookups have their own threads, so that slow name servers hold up nothing else.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._lookups = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="webhook-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The checked addresses of ``host``. Raises AddressRefused, OSError."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._lookups, self.addresses, host, port)
        except UnicodeError as error:
            raise OSError(str(error)) from None
        if not self._allow_private:
            for text in found:
                check_address(text, of=host)
        return [
            ResolveResult(
                hostname=host, host=text, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in text else socket.AF_INET,
            )
            for text in found
        ]  # fmt: skip

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of ``host``, each once, in the system's order of preference."""
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(answer[4][0]) for answer in answers))

    async def close(self) -> None:
        """Let the lookup threads end."""
        self._lookups.shutdown(wait=False, cancel_futures=True)


def check_address(text: str, *, of: str) -> None:
    """Raise ``AddressRefused`` unless the address is public."""
    address = parse_address(text)
    if address is None or not is_public(address):
        raise AddressRefused(f"{of} leads to {text}, not a public address")


def checked_connector(
    resolver: CheckedResolver,
    *,
    allow_private: bool,
    max_connections: int,
    trust: ssl.SSLContext | None = None,
) -> aiohttp.TCPConnector:
    """Connections to what the resolver found; an address written in a URL is checked as well."""

    def make_socket(address: Any) -> socket.socket:
        family, kind, protocol, _, where = address
        if not allow_private:
            check_address(str(where[0]), of="the URL")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        limit=max_connections,
        keepalive_timeout=KEEPALIVE_S,
        ssl=trust or ssl.create_default_context(),
        socket_factory=make_socket,
    )
