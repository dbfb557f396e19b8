"""One server of its own: killed at once, started again on the same ports with the same data."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path

from incognita_local.launch import Server, wait_ready
from incognita_local.processes import Process
from tests.faults.servers.guard import Guard


class Life:
    """The process of `server`; its output goes to `log`. Nothing outlives the guard."""

    def __init__(
        self, server: Server, ports: Mapping[str, int], *, log: Path, guard: Guard
    ) -> None:
        self.server = server
        self.ports = ports
        self.process = Process(server.name, server.argv(ports), server.extra_env(), log)
        self._guard = guard
        self._lock = threading.Lock()
        self._over = False

    @property
    def alive(self) -> bool:
        return self.process.alive

    async def start(self) -> None:
        """Returns once it serves; does nothing when it runs. Raises LocalError with its log."""
        if not self.alive:
            await asyncio.to_thread(self._start)

    def _start(self) -> None:
        self.server.prepare(self.ports)
        with self._lock:
            if self._over:
                return
            self.process.start()
            self._guard.process(self.process)
        wait_ready(self.server, self.process.log_path, self.ports, lambda: self.alive)

    async def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        await asyncio.to_thread(self.process.kill)

    async def end(self) -> None:
        """SIGKILL, and no start from here on, not even one that is under way."""
        with self._lock:
            self._over = True
        await self.kill()
