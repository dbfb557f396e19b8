"""What stands in for AIOKafkaProducer: batches per partition, in order, acknowledged or not."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, ProducerClosed
from aiokafka.structs import TopicPartition

from tests.simulation.broker.server import BrokerServer, Sent
from tests.simulation.chance import Chance
from tests.simulation.loop import PROCESS, SimulatedLoop
from tests.simulation.network import Fate, Faults, Network

LINGER_S = 0.002


class SimulatedBatch:
    """Records of one partition that land together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.records: list[Sent] = []

    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> object | None:
        """None where the batch is full; a batch takes any first record."""
        if len(self.records) >= self._most:
            return None
        self.records.append(Sent(key, value, tuple(headers)))
        return self

    def close(self) -> None:
        self._most = 0

    def record_count(self) -> int:
        return len(self.records)


Waiting = tuple[list[Sent], "list[asyncio.Future[None]]"]


class _Sender:
    """The part of aiokafka's producer that goes on sending after a ``stop`` was broken off."""

    def __init__(self, queued: dict[TopicPartition, list[Waiting]]) -> None:
        self._queued = queued
        self.closed = False

    async def close(self) -> None:
        """What is under way may land; nothing more is sent."""
        self.closed = True
        self._queued.clear()


class SimulatedProducer:
    """Idempotent: within one producer nothing is repeated or overtaken. A batch whose answer is
    lost stays with it, and may land long after the producer was given up."""

    def __init__(
        self,
        server: BrokerServer,
        network: Network,
        loop: SimulatedLoop,
        chance: Chance,
        faults: Faults,
        *,
        options: dict[str, Any],
    ) -> None:
        if options["acks"] != "all" or not options["enable_idempotence"]:
            raise ValueError("only idempotent producers are modelled")
        self._server = server
        self._network = network
        self._loop = loop
        self._chance = chance
        self._faults = faults
        self._process = PROCESS.get()
        self._queued: dict[TopicPartition, list[Waiting]] = {}
        self._busy: set[TopicPartition] = set()
        self._closed = False
        self._sender = self.client = _Sender(self._queued)

    async def start(self) -> None:
        await self._network.call(
            "connect", lambda: None, lost=lambda: KafkaConnectionError("no broker")
        )

    async def stop(self) -> None:
        self._closed = True
        while any(self._queued.values()) or self._busy:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.05)

    def create_batch(self) -> SimulatedBatch:
        return SimulatedBatch(1 + self._chance.pick(20))

    async def partitions_for(self, topic: str) -> set[int]:
        return {each.partition for each in self._server.partitions_of(topic)}

    async def send_batch(
        self, batch: SimulatedBatch, topic: str, *, partition: int
    ) -> "asyncio.Future[None]":
        if self._closed:
            raise ProducerClosed
        place = TopicPartition(topic, partition)
        while self._queued.get(place):  # as aiokafka: one batch at a time waits its turn
            await asyncio.sleep(LINGER_S)
            if self._closed:
                raise ProducerClosed
        return self._queue(place, batch.records)

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> "asyncio.Future[None]":
        if self._closed:
            raise ProducerClosed
        if self._chance.happens(0.01):
            await asyncio.sleep(0.001)  # the buffer was full
        return self._queue(
            self._server.partition_for(topic, key), [Sent(key, value, tuple(headers or ()))]
        )

    def _queue(self, partition: TopicPartition, records: list[Sent]) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        self._queued.setdefault(partition, []).append((records, [done]))
        if partition not in self._busy:
            self._busy.add(partition)
            self._loop.call_later(LINGER_S, self._send_batch, partition)
        return done

    def _send_batch(self, partition: TopicPartition) -> None:
        """On behalf of the process: what it has not sent when it dies is gone."""
        queued = self._queued.get(partition, [])
        if not queued or self._sender.closed:
            self._busy.discard(partition)
            return
        taken = 1 + self._chance.pick(len(queued))
        batch = (
            [sent for records, _ in queued[:taken] for sent in records],
            [done for _, futures in queued[:taken] for done in futures],
        )
        self._queued[partition] = queued[taken:]
        fate = self._faults.fate_of(self._process, self._server.name, "produce")
        if fate is Fate.CRASH_BEFORE:
            self._faults.crash(self._process)
            return
        delay = self._chance.between(0.001, 0.02)
        if fate is Fate.CRASH_AFTER:
            self._loop.in_world(delay, self._append, partition, batch, None)
            self._faults.crash(self._process)
            return
        if fate is Fate.LATE:  # in the network for long; the client goes on waiting
            delay = self._chance.between(1, 45)
        elif fate is Fate.SLOW:
            delay = self._chance.between(0.5, 5)
        answer = 0.0 if fate is not Fate.LOST_ANSWER else self._chance.between(5, 45)
        if fate is Fate.LOST_REQUEST:
            self._refuse(partition, batch, landed=self._chance.happens(0.5))
            return
        self._loop.in_world(delay, self._append, partition, batch, answer)

    def _append(self, partition: TopicPartition, batch: Waiting, answer: float | None) -> None:
        self._server.append(partition, batch[0])
        if answer is not None:
            self._loop.in_world(answer, self._acknowledge, partition, batch)

    def _acknowledge(self, partition: TopicPartition, batch: Waiting) -> None:
        for done in batch[1]:
            if not done.done():
                done.set_result(None)
        self._go_on(partition)

    def _refuse(self, partition: TopicPartition, batch: Waiting, *, landed: bool) -> None:
        """The client gives the batch up, whether the broker has it or not."""
        if landed:
            self._server.append(partition, batch[0])
        # what stands behind it is given up with it: aiokafka would number it wrongly
        for _, futures in [batch, *self._queued.pop(partition, [])]:
            for done in futures:
                if not done.done():
                    done.set_exception(KafkaTimeoutError("request timed out"))
                    done.exception()
        self._go_on(partition)

    def _go_on(self, partition: TopicPartition) -> None:
        """The next batch, as long as the process lives and is not stopped."""
        self._loop.start_soon(self._process, self._send_batch, partition)
