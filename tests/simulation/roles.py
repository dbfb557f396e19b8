"""The programs that the simulated processes run: composed like the ``main`` of a real service."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from incognita_shared.health import Health
from incognita_shared.kafka.consumer import Consumer
from incognita_shared.kafka.producer import Producer
from incognita_shared.mongo.relay import Relay
from incognita_shared.settings import KafkaSettings
from tests.simulation.doors import Reviews, Visits
from tests.simulation.handlers import Counter, Sink
from tests.simulation.loop import PROCESS

if TYPE_CHECKING:
    from tests.simulation.world import World

SETTINGS: dict[str, Any] = {
    "bootstrap_servers": "simulated:9092",
    "session_timeout_ms": 3_000,
    "heartbeat_interval_ms": 1_000,
    "rebalance_timeout_ms": 6_000,
    "compression_type": "none",
}
_MADE: dict[int, KafkaSettings] = {}
IDLE_S = 2.0  # the relay is woken by what happens in its own process; the rest may wait


def settings(batch: int) -> KafkaSettings:
    """Made once for each size of batch: reading the environment takes longer than a run."""
    if batch not in _MADE:
        _MADE[batch] = KafkaSettings(**SETTINGS, batch_max_records=batch)
    return _MADE[batch]


@dataclass
class Program:
    """What a process needs to run, and what tells it to end."""

    world: "World"
    name: str
    stop: asyncio.Event

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[Producer]:
        """The process's one way onto the broker."""
        producer = Producer(self.settings, client_id=self.name)
        self.world.producers[PROCESS.get()] = producer
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    @property
    def settings(self) -> KafkaSettings:
        """As the world's plan has it."""
        return self.world.settings

    def database(self, service: str) -> Any:
        """A connection of this process."""
        return self.world.connect()[service]

    def relay(self, database: Any, producer: Producer, collection: str) -> Relay:
        """The relay of this process."""
        return Relay(
            database, collections=[collection], producer=self.world.for_relays(producer),
            health=Health(), owner=self.name, idle_s=IDLE_S,
        )  # fmt: skip

    def consumer(
        self,
        service: str,
        database: Any,
        producer: Producer,
        program: Counter | Sink,
        after_commit: list[Callable[[], None]],
    ) -> Consumer:
        """The consumer loop of this process."""
        return Consumer(
            service, db=database, producer=self.world.for_consumers(producer),
            handlers=program.handlers, health=Health(),
            reads=program.reads if self.world.plan.reads_ahead else {},
            settings=self.settings, owner=self.name, after_commit=after_commit,
        )  # fmt: skip

    async def until_stopped(
        self, parts: list[Coroutine[Any, Any, None]], beside: list[Coroutine[Any, Any, None]]
    ) -> None:
        """``parts`` end by themselves when told to; what runs ``beside`` them is broken off."""
        others = [asyncio.ensure_future(each) for each in beside]
        try:
            await asyncio.gather(*parts)
        finally:
            for other in others:
                other.cancel()


async def door(program: Program) -> None:
    """Takes reports and relays their events."""
    world, database = program.world, program.database("door")
    async with program.producer() as producer:
        relay = program.relay(database, producer, "visits")
        visits = Visits(database, relay, world.chance, world.accepted)
        plan = world.plan
        await program.until_stopped(
            [relay.run(program.stop)],
            [visits.report(visit, branch, plan.steps) for visit, branch in plan.visits.items()],
        )


async def counter(program: Program) -> None:
    """Counts what is reported, and lets people look it through."""
    world, database = program.world, program.database("counter")
    async with program.producer() as producer:
        relay = program.relay(database, producer, "counts")
        reviews = Reviews(database, relay, world.chance)
        counting = Counter(world.is_sick, guarded=world.guarded)
        consumer = program.consumer("counter", database, producer, counting, [relay.wake])
        await program.until_stopped(
            [consumer.run(program.stop), relay.run(program.stop)],
            [reviews.review(visit) for visit in world.plan.visits],
        )


async def sink(program: Program) -> None:
    """Hears what the counters say."""
    world, database = program.world, program.database("sink")
    async with program.producer() as producer:
        hearing = Sink(guarded=world.guarded)
        consumer = program.consumer("sink", database, producer, hearing, [])
        await program.until_stopped([consumer.run(program.stop)], [])


ROLES: dict[str, Callable[[Program], Coroutine[Any, Any, None]]] = {
    "door": door,
    "counter": counter,
    "sink": sink,
}
