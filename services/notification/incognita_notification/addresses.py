"""Where webhooks may go: which URLs are taken, which addresses are connected to.

A URL is given by a customer and called from inside our network, so it must not reach anything there
(server-side request forgery). Names are resolved with each new connection, every address of the
answer is checked, and the connection is made to a checked address: a name that answers differently
a moment later (DNS rebinding) gains nothing.
"""

import ipaddress
import re
from typing import TypeAlias

import httpx

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL = 2_000
HTTPS_PORT = 443
FIRST_FREE_PORT = 1_024
_AUTHORITY = re.compile(r"^[^:]*://([^/?#]*).*$", re.DOTALL)
LAST_PORT = 65_535
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments, a cloud's metadata among them
        "168.63.129.16/32",  # public by number, yet the machine's own host at a cloud
        "::/96", "2002::/16", "2001::/23",  # obsolete ways to wrap IPv4 in IPv6
        "64:ff9b:1::/48", "3fff::/20", "5f00::/16",  # unknown to older Pythons
    )
]  # fmt: skip


class UrlRefused(ValueError):
    """The URL can't be a target; the text says why."""


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet and to one host.

    An IPv4 address within an IPv6 one (mapped, or by NAT64) is judged as what it is.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.is_site_local:
            return False
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _REFUSED)
    )
    return not special and address.is_global


def parse_address(text: str) -> Address | None:
    """The IP address that ``text`` is, without a zone, or None for a name."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def check_url(text: str, *, allow_private: bool) -> None:
    """Raise ``UrlRefused`` unless ``text`` can be the target of webhooks.

    https on port 443 or any from 1024 up (the well-known services of a network live below); with
    ``allow_private`` also http and any port. Never credentials, which end up in logs, nor a #.
    """
    if len(text) > MAX_URL or not text.isascii() or any(char <= " " for char in text):
        raise UrlRefused(f"must be at most {MAX_URL} printable ASCII characters")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UrlRefused(str(error)[:200]) from None
    if url.scheme not in (("https", "http") if allow_private else ("https",)):
        raise UrlRefused("must begin with https://")
    if not url.host:
        raise UrlRefused("has no host")
    if url.userinfo or "@" in _AUTHORITY.sub(r"\1", text):
        raise UrlRefused("must hold no user name or password")
    if url.fragment or text.endswith("#"):
        raise UrlRefused("must hold no fragment (#)")
    if url.port is not None and url.port > LAST_PORT:
        raise UrlRefused(f"port {url.port} does not exist")
    if not allow_private:
        _check_place(url)


def _check_place(url: httpx.URL) -> None:
    port = HTTPS_PORT if url.port is None else url.port
    if port != HTTPS_PORT and port < FIRST_FREE_PORT:
        raise UrlRefused(f"port {port} is not allowed: 443, or 1024 and above")
    address = parse_address(url.host)
    if address is None and _looks_numeric(url.host):
        raise UrlRefused(f"{url.host} is neither a name nor an IP address in its usual form")
    if address is not None and not is_public(address):
        raise UrlRefused(f"{url.host} is not an address on the public internet")


def _looks_numeric(host: str) -> bool:
    """Whether resolvers would read the name as a number: 127.1, 0x7f000001, 2130706433."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or last.startswith("0x")
