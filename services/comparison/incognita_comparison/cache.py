"""Results of long reckonings, kept as long as what they were made from is the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(slots=True)
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    version: Hashable = None
    value: Any = None
    rows: int = 0
    filled: bool = False


class VersionedCache:
    """Remembers values of together at most ``most_rows`` rows; those unused longest go first.

    The version must be read before what the value is made from: then a change in between leaves a
    value that is newer than its version, and the next reader makes it anew.
    """

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(
        self,
        key: Hashable,
        version: Hashable,
        make: Callable[[], Awaitable[T]],
        *,
        rows: Callable[[T], int] = lambda _: 1,
    ) -> T:
        """The value for ``key`` at ``version``; made once, however many ask for it at a time."""
        entry = self._entries.setdefault(key, _Entry())
        async with entry.lock:
            if not entry.filled or entry.version != version:
                value = await make()
                entry.version, entry.value, entry.filled = version, value, True
                entry.rows = rows(value)
            made = cast("T", entry.value)
            self._entries[key] = entry
            self._entries.move_to_end(key)
        self._evict()
        return made

    def _evict(self) -> None:
        total = sum(entry.rows for entry in self._entries.values())
        for key, entry in list(self._entries.items())[:-1]:
            if total <= self._most_rows:
                return
            if not entry.lock.locked():
                del self._entries[key]
                total -= entry.rows
