"""What stands in for AIOKafkaConsumer: membership in the background, reading by ``getmany``."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
)
from aiokafka.structs import ConsumerRecord, TopicPartition

from tests.simulation.broker.server import BrokerServer
from tests.simulation.chance import Chance
from tests.simulation.network import Network

LONG_POLL_S = 1.5  # an idle consumer asks less often than in life: it costs time, shows nothing


class _Position:
    """One assigned partition."""

    __slots__ = ("first_asked", "offset", "paused")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.paused = False
        self.first_asked = -1


class SimulatedConsumer:
    """One member of a group, eager protocol."""

    def __init__(
        self,
        server: BrokerServer,
        network: Network,
        chance: Chance,
        *,
        member: Callable[[], str],
        options: Mapping[str, Any],
    ) -> None:
        if options["enable_auto_commit"] or options["auto_offset_reset"] != "earliest":
            raise ValueError("only manual offsets from the earliest are modelled")
        self._server = server
        self._network = network
        self._chance = chance
        self._new_member = member
        self._group_id = options["group_id"]
        self._group = server.group(options["group_id"], options)
        self._heartbeat_s = options["heartbeat_interval_ms"] / 1000
        self._join_s = options["rebalance_timeout_ms"] / 1000 + 5
        self._positions: dict[TopicPartition, _Position] = {}
        self._member = ""
        self._generation = -1
        self._reassigning = True
        self._closed = False
        self._changed: list[asyncio.Future[None]] = []
        self._rejoin = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.oddness = 0.0
        """How often a fetch begins behind the position asked for, as it must not."""

    # membership

    def subscribe(
        self, topics: Iterable[str] = (), pattern: Any = None, listener: Any = None
    ) -> None:
        self._topics = list(topics)
        self._listener = listener

    async def start(self) -> None:
        await self._ask("connect", lambda: None)
        self._tasks = [
            asyncio.create_task(self._coordinate()),
            asyncio.create_task(self._beat()),
        ]

    async def stop(self) -> None:
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        self._tell()
        await asyncio.wait_for(self._leave(), 5)

    async def _leave(self) -> None:
        member = self._member
        if member:
            try:
                await self._ask("leave", lambda: self._group.leave(member))
            except KafkaError:
                return

    async def _coordinate(self) -> None:
        while not self._closed:
            self._reassigning = True
            await self._listener.on_partitions_revoked(set(self._positions))
            self._rejoin.clear()
            generation, partitions = await self._join()
            committed = self._server.committed
            self._positions = {
                each: _Position(committed.get((self._group_id, each), 0)) for each in partitions
            }
            self._generation = generation
            self._reassigning = False
            self._tell()
            await self._listener.on_partitions_assigned(set(partitions))
            await self._rejoin.wait()

    async def _join(self) -> tuple[int, list[TopicPartition]]:
        while True:
            self._member = self._member or self._new_member()
            join = partial(self._group.join, self._member, self._topics)
            try:
                waiting = await self._ask("join", join)
                async with asyncio.timeout(self._join_s):
                    joined: tuple[int, list[TopicPartition]] = await waiting
            except (KafkaError, TimeoutError):
                await asyncio.sleep(0.1)
                continue
            return joined

    async def _beat(self) -> None:
        while not self._closed:
            await asyncio.sleep(self._heartbeat_s)
            if not self._member:
                continue
            member, generation = self._member, self._generation
            heartbeat = partial(self._group.heartbeat, member, generation)
            try:
                said = await self._ask("heartbeat", heartbeat)
            except KafkaError:
                continue
            if said == "unknown" and self._member == member and not self._reassigning:
                self._member = ""
            if said != "ok" and not self._reassigning:
                self._rejoin.set()

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    # positions

    def _position(self, partition: TopicPartition) -> _Position:
        if partition not in self._positions:
            raise IllegalStateError(f"No current assignment for partition {partition}")
        return self._positions[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if not isinstance(offset, int) or offset < 0:
            raise ValueError("Offset must be a positive integer")
        self._position(partition).offset = offset

    def pause(self, *partitions: TopicPartition) -> None:
        for partition in partitions:
            self._position(partition).paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        for partition in partitions:
            self._position(partition).paused = False
        self._tell()

    def paused(self) -> set[TopicPartition]:
        return {each for each, position in self._positions.items() if position.paused}

    async def position(self, partition: TopicPartition) -> int:
        return self._position(partition).offset

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._ask(
            "ends", lambda: {each: self._server.ends.get(each, 0) for each in partitions}
        )
        return ends

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        for partition in offsets:
            self._position(partition)
        member, generation = self._member, self._generation

        def serve() -> bool:
            if not self._group.is_current(member, generation):
                return False
            for partition, offset in offsets.items():
                self._server.committed[self._group_id, partition] = offset
            return True

        if not await self._ask("commit", serve):
            raise CommitFailedError("membership has changed")

    # reading

    async def getmany(
        self,
        *partitions: TopicPartition,
        timeout_ms: int = 0,
        max_records: int | None = None,
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        loop = asyncio.get_running_loop()
        until = loop.time() + max(timeout_ms / 1000, LONG_POLL_S if timeout_ms else 0.0)
        while True:
            if self._closed:
                raise ConsumerStoppedError
            while self._reassigning:
                await self._change(None)
            if self._has_some():
                await self._ask("fetch", lambda: None)
            found = {} if self._reassigning else self._take(max_records or 500)
            left = until - loop.time()
            if found or left <= 0:
                return found
            if not await self._change(left):
                return {}

    def _has_some(self) -> bool:
        ends = self._server.ends
        return any(
            not position.paused and ends.get(partition, 0) > position.offset
            for partition, position in self._positions.items()
        )

    def _take(self, most: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        order = list(self._positions)
        turn = self._chance.pick(len(order)) if order else 0
        for partition in order[turn:] + order[:turn]:
            position = self._positions[partition]
            if position.paused or most <= 0:
                continue
            records = self._server.read(partition, position.offset, most)
            if len(records) > 1 and self._chance.happens(0.2):
                records = records[: 1 + self._chance.pick(len(records))]
            if len(records) > 1 and self._oddly(position):
                records = records[1:]
            if records:
                position.offset = records[-1].offset + 1
                most -= len(records)
                found[partition] = records
        return found

    def _oddly(self, position: _Position) -> bool:
        """At most once for each place: whoever asks again gets what is there."""
        if position.first_asked == position.offset or not self.oddness:
            return False
        position.first_asked = position.offset
        return self._chance.happens(self.oddness)

    async def _change(self, within_s: float | None) -> bool:
        """Wait for records, a seek or an assignment; False if nothing of it comes in time."""
        changed = asyncio.get_running_loop().create_future()
        self._changed.append(changed)
        for partition in self._positions:
            self._server.watch(partition, lambda: _done(changed))
        try:
            async with asyncio.timeout(within_s):
                await changed
        except TimeoutError:
            return False
        return True

    def _tell(self) -> None:
        for changed in self._changed:
            _done(changed)
        self._changed.clear()

    async def _ask(self, what: str, serve: Callable[[], Any]) -> Any:
        return await self._network.call(
            what, serve, lost=lambda: KafkaConnectionError(f"{what}: connection lost")
        )


def _done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
