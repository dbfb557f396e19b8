"""The network between the clients and a server: Toxiproxy, spoken to through its HTTP API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from incognita_local.errors import NotReadyError

RESET_FOR_S = 1.0
REOPEN_TRIES = 20


class ToxiproxyServer:
    """Command line and probe of Toxiproxy, as the launcher knows a server."""

    name = "toxiproxy"
    title = "Toxiproxy 2.5"
    port_names: tuple[str, ...] = ("client",)
    start_timeout_s = 20.0
    stop_timeout_s = 5.0

    def __init__(self, directory: Path, *, binary: Path) -> None:
        self.directory = directory
        self.binary = binary

    def prepare(self, ports: Mapping[str, int]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def argv(self, ports: Mapping[str, int]) -> list[str]:
        return [str(self.binary), "-host", "127.0.0.1", "-port", str(ports["client"])]

    def extra_env(self) -> dict[str, str]:
        return {"LOG_LEVEL": os.environ.get("INCOGNITA_TOXIPROXY_LOG", "error")}

    def variables(self, ports: Mapping[str, int]) -> dict[str, str]:
        return {}

    def url(self, ports: Mapping[str, int]) -> str:
        return f"http://127.0.0.1:{ports['client']}"

    def probe(self, ports: Mapping[str, int]) -> None:
        """Raises NotReadyError."""
        try:
            httpx.get(f"{self.url(ports)}/version", trust_env=False, timeout=5).raise_for_status()
        except httpx.HTTPError as error:
            raise NotReadyError(str(error)) from error


async def open_proxies(http: httpx.AsyncClient, proxies: Mapping[str, tuple[int, int]]) -> None:
    """Make the proxies: name → (port it listens on, port of the server behind it)."""
    wanted = [
        {
            "name": name,
            "listen": f"127.0.0.1:{listen}",
            "upstream": f"127.0.0.1:{upstream}",
            "enabled": True,
        }
        for name, (listen, upstream) in proxies.items()
    ]
    (await http.post("/populate", json=wanted)).raise_for_status()


class Link:
    """The way to one server, or to all members of a set. Faults add up until `heal`."""

    def __init__(self, http: httpx.AsyncClient, proxies: Sequence[str]) -> None:
        self._http = http
        self._proxies = proxies

    async def cut(self) -> None:
        """Close every connection and refuse new ones."""
        await self._each(self._switch, False)

    async def silence(self) -> None:
        """Swallow every byte, both ways; connections stay open and new ones are accepted.

        What was swallowed is lost, so `heal` closes the connections that were open meanwhile.
        """
        for stream in ("upstream", "downstream"):
            await self._each(self._add, "timeout", stream, {"timeout": 0})

    async def latency(self, ms: int, jitter_ms: int = 0) -> None:
        """Each answer comes `ms` ± `jitter_ms` later."""
        await self._each(self._add, "latency", "downstream", {"latency": ms, "jitter": jitter_ms})

    async def reset(self, for_s: float = RESET_FOR_S) -> None:
        """Tear down each connection over which something is sent within the next `for_s`.

        Those opened meanwhile end by TCP RST, those opened before by FIN (Toxiproxy can't set
        the linger time of a running connection). Returns when it is over.
        """
        for stream in ("upstream", "downstream"):
            await self._each(self._add, "reset_peer", stream, {"timeout": 0})
        try:
            await asyncio.sleep(for_s)
        finally:
            await self._each(self._clean, "reset_peer")

    async def heal(self) -> None:
        """Take all faults away."""
        await self._each(self._clean)
        await self._each(self._switch, True)

    async def _each(self, do: Any, *arguments: Any) -> None:
        await asyncio.gather(*(do(proxy, *arguments) for proxy in self._proxies))

    async def _add(self, proxy: str, kind: str, stream: str, attributes: Mapping[str, int]) -> None:
        name = f"{kind}_{stream}"
        body = {"name": name, "type": kind, "stream": stream, "attributes": attributes}
        answer = await self._http.post(f"/proxies/{proxy}/toxics", json=body)
        if answer.status_code == httpx.codes.CONFLICT:  # there is one: with other figures, maybe
            answer = await self._http.post(f"/proxies/{proxy}/toxics/{name}", json=body)
        answer.raise_for_status()

    async def _clean(self, proxy: str, kind: str | None = None) -> None:
        listed = await self._http.get(f"/proxies/{proxy}/toxics")
        for toxic in listed.raise_for_status().json():
            if kind in (None, toxic["type"]):
                path = f"/proxies/{proxy}/toxics/{toxic['name']}"
                (await self._http.delete(path)).raise_for_status()

    async def _switch(self, proxy: str, on: bool) -> None:
        for tries_left in reversed(range(REOPEN_TRIES)):
            answer = await self._http.post(f"/proxies/{proxy}", json={"enabled": on})
            if answer.is_success or not tries_left:
                break
            await asyncio.sleep(0.1)  # its port may still be given back
        answer.raise_for_status()
