"""Small disks that can be full: a file system in memory whose limit shrinks to what it holds."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Protocol

from tests.faults.servers.guard import Guard
from tests.faults.servers.replica_set import ReplicaSet

SHRINK_TRIES = 200
FULL_BELOW_BYTES = 65_536


class Disk(Protocol):
    """A server's disk. `why` says why it can't be filled here, where `possible` is false."""

    @property
    def possible(self) -> bool: ...
    @property
    def why(self) -> str: ...
    async def fill(self) -> None: ...
    async def free(self) -> None: ...


class SmallDisk:
    """A tmpfs at `path`; it takes memory only for what is written, up to `limit_bytes`."""

    def __init__(self, path: Path, *, limit_bytes: int, guard: Guard) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._guard = guard
        self.why = "it is not mounted"

    def mount(self) -> None:
        """Afterwards `why` is empty, or says what forbids it; then `path` is an ordinary one."""
        if not self._limit_bytes:
            self.why = "no disk of its own was asked for"
            return
        self.path.mkdir(parents=True, exist_ok=True)
        options = f"size={self._limit_bytes},mode=700"
        self.why = _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path))
        if not self.why:
            self._guard.mount(self.path)

    def fill(self) -> None:
        """Leave no room. Raises OSError when the disk's user outruns it."""
        for _ in range(SHRINK_TRIES):
            self._limit(self._used_bytes())  # refused when more has been written meanwhile
            if self.room_bytes() < FULL_BELOW_BYTES:
                return
        raise OSError(f"{self.path} can't be filled: {self.room_bytes()} bytes are left")

    def free(self) -> None:
        """Give the room back. Raises OSError."""
        if why := self._limit(self._limit_bytes):
            raise OSError(why)

    def room_bytes(self) -> int:
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize

    def _used_bytes(self) -> int:
        state = os.statvfs(self.path)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def _limit(self, limit_bytes: int) -> str:
        return _run("mount", "-o", f"remount,size={limit_bytes}", str(self.path))


def _run(*argv: str) -> str:
    """What went wrong; empty when nothing did."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


class MongoDisk:
    """The disk of whichever member is primary when it is filled."""

    def __init__(self, disks: list[SmallDisk], replica_set: ReplicaSet) -> None:
        self._disks = disks
        self._set = replica_set

    @property
    def possible(self) -> bool:
        return not self.why

    @property
    def why(self) -> str:
        return next((disk.why for disk in self._disks if disk.why), "")

    async def fill(self) -> None:
        """The primary finds its disk full at its next checkpoint, which is asked for here."""
        primary = await self._set.primary()
        await asyncio.to_thread(self._disks[primary].fill)
        await self._set.checkpoint(primary)

    async def free(self) -> None:
        """Give all room back, and start the members that died of it."""
        for disk in self._disks:
            await asyncio.to_thread(disk.free)
        await self._set.start_dead()


class ObjectDisk:
    """The disk of the object store."""

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk

    @property
    def possible(self) -> bool:
        return not self.why

    @property
    def why(self) -> str:
        return self._disk.why

    async def fill(self) -> None:
        """Writes are refused from now on."""
        await asyncio.to_thread(self._disk.fill)

    async def free(self) -> None:
        """Give the room back."""
        await asyncio.to_thread(self._disk.free)
