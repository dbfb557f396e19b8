"""How far behind a consumer is: told to Kafka for its own tools, and measured for ours."""

import asyncio
import time
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from incognita_shared.kafka.ownership import Ownership
from incognita_shared.kafka.spans import measure_lag
from incognita_shared.mongo.parking import Parking
from incognita_shared.telemetry import instruments

TELL_EVERY_S = 1.0
MEASURE_EVERY_S = 10.0


class Lag:
    """Offsets in Kafka are advisory: the truth is in the checkpoints."""

    def __init__(
        self, service: str, kafka: AIOKafkaConsumer, ownership: Ownership, parking: Parking
    ) -> None:
        self._service = service
        self._kafka = kafka
        self._ownership = ownership
        self._parking = parking
        self._told = self._measured = 0.0

    async def tell(self) -> None:
        """Commit the positions to Kafka, at most once a second; failing at that means nothing."""
        if time.monotonic() - self._told < TELL_EVERY_S:
            return
        self._told = time.monotonic()
        assigned = self._kafka.assignment()
        offsets = {
            partition: held.claim.next
            for source, held in self._ownership.held.items()
            if (partition := self._ownership.partition(source)) in assigned
        }
        # after a rebalance aiokafka raises IllegalStateError as well as CommitFailedError
        with suppress(KafkaError, asyncio.TimeoutError, ValueError):
            await asyncio.wait_for(self._kafka.commit(offsets), 3)

    async def measure(self) -> None:
        """Ask the brokers for the ends, which also tells whether they answer at all.

        Raises KafkaError or TimeoutError when they do not.
        """
        held = dict(self._ownership.held)
        if not held or time.monotonic() - self._measured < MEASURE_EVERY_S:
            return
        self._measured = time.monotonic()
        partitions = {self._ownership.partition(source): source for source in held}
        ends = await asyncio.wait_for(self._kafka.end_offsets(list(partitions)), 20)
        lags = {
            source: max(0, ends[partition] - held[source].claim.next)
            for partition, source in partitions.items()
        }
        measure_lag(self._service, lags)
        instruments().parked_visits.set(await self._parking.count())
