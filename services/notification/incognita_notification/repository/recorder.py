"""Writes the outcomes of attempts, many with one command.

While one command is on its way, further outcomes gather for the next: the slower the store, the
larger the command, so a busy sender waits for the store's journal a few times a second, not once
for each delivery. Each outcome is still one atomic write to one document.
"""

import asyncio
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

MOST_AT_ONCE = 500


class Recorder:
    """The way that all outcomes of one process take into one collection."""

    def __init__(self, collection: AsyncCollection[dict[str, Any]]) -> None:
        self._collection = collection
        self._waiting: list[tuple[UpdateOne, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, update: UpdateOne) -> None:
        """Return when the update is in the store. Raises PyMongoError."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((update, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = (
                    self._waiting[:MOST_AT_ONCE],
                    self._waiting[MOST_AT_ONCE:],
                )
                await self._write(batch)
        finally:
            self._writing = None

    async def _write(self, batch: list[tuple[UpdateOne, asyncio.Future[None]]]) -> None:
        failure: PyMongoError | None = None
        try:
            await self._collection.bulk_write([update for update, _ in batch], ordered=False)
        except PyMongoError as error:
            failure = error
        for _, done in batch:
            if done.done():
                continue  # whoever waited has been cancelled
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)
