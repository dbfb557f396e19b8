"""Publishes what batches have committed, in the order of the commits, beside the next batch."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pymongo.errors import PyMongoError

from incognita_shared.kafka.producer import Producer, PublishError
from incognita_shared.mongo.outbox import Chunk, Outbox

AHEAD = 4  # batches that may wait; then the next batch waits, which is the backpressure
RETRY_FIRST_S, RETRY_MOST_S = 0.2, 10.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch's chunks, and what to do once Kafka has them (the advisory offset commit)."""

    chunks: Sequence[Chunk]
    afterwards: Callable[[], Awaitable[None]]


class Publisher:
    """Mongo commit → Kafka acknowledgement → outbox removal → Kafka offset: never another order."""

    def __init__(self, outbox: Outbox, producer: Producer) -> None:
        self._outbox = outbox
        self._producer = producer
        self._queue: asyncio.Queue[Committed] = asyncio.Queue(AHEAD)

    async def put(self, committed: Committed) -> None:
        """Queue a committed batch; waits while too many are queued."""
        await self._queue.put(committed)

    async def publish(self, chunks: Sequence[Chunk]) -> None:
        """Publish and remove the chunks now. Raises PublishError, PyMongoError; repeatable."""
        if chunks:
            await self._producer.publish([record for each in chunks for record in each.records])
            await self._outbox.remove(chunks)

    async def drained(self, within_s: float) -> bool:
        """Wait until all that is queued is published; False if that takes longer."""
        try:
            async with asyncio.timeout(within_s):
                await self._queue.join()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Publish for ever; ends by cancellation. What is left over, the next owner publishes."""
        while True:
            committed = await self._queue.get()
            try:
                await self._until_published(committed.chunks)
                await committed.afterwards()
            finally:
                self._queue.task_done()

    async def _until_published(self, chunks: Sequence[Chunk]) -> None:
        pause = RETRY_FIRST_S
        while True:
            try:
                return await self.publish(chunks)
            except (PublishError, PyMongoError) as error:
                log.warning("outbox waits", extra={"error": str(error)[:300]})
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MOST_S)
