"""Negative controls: each takes one protection away; the checker must then find something."""

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from incognita_shared.events.codec import Record
from incognita_shared.kafka.ownership import Ownership
from incognita_shared.kafka.producer import Producer
from incognita_shared.mongo import relay
from incognita_shared.mongo.checkpoint import Checkpoints
from incognita_shared.mongo.outbox import Outbox
from incognita_shared.mongo.pending import BUCKETS
from tests.simulation.chance import Chance
from tests.simulation.faults import Weather
from tests.simulation.loop import PROCESS
from tests.simulation.plan import Plan
from tests.simulation.world import World


class Hasty:
    """A producer that says it is done before it is."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._sending: set[asyncio.Task[None]] = set()

    async def publish(self, records: Sequence[Record]) -> None:
        """Return at once."""
        self._sending.add(asyncio.ensure_future(self._producer.publish(records)))


class Backwards:
    """A producer that sends the newest first."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def publish(self, records: Sequence[Record]) -> None:
        """The other way round."""
        await self._producer.publish(list(reversed(records)))


@contextmanager
def _replaced(place: Any, name: str, new: Any) -> Iterator[None]:
    old = place.__dict__[name] if isinstance(place, type) else getattr(place, name)
    setattr(place, name, new)
    try:
        yield
    finally:
        setattr(place, name, old)


def _rough(chance: Chance) -> Plan:
    """Every run gets its faults, and something to say."""
    plan = Plan.of(chance)
    return dataclasses.replace(
        plan, steps=max(2, plan.steps), counters=2, repeats=2, weather=Weather(8, 0.1, 15.0)
    )


def _calm(chance: Chance) -> Plan:
    plan = Plan.of(chance)
    return dataclasses.replace(
        plan, doors=2, repeats=0, poison=0, oddness=0.0, weather=Weather(0, 0.0, 0.0)
    )


@contextmanager
def no_fence(world: World) -> Iterator[None]:
    """A former owner's batch is applied like the owner's."""
    world.store.blind["checkpoints"] = frozenset({"epoch", "next"})
    yield


@contextmanager
def checkpoint_first(world: World) -> Iterator[None]:
    """The checkpoint moves before the effects are there."""
    world.store.outside = frozenset({"checkpoints"})
    yield


@contextmanager
def no_duplicate_guard(world: World) -> Iterator[None]:
    """Handlers take every record for a new event."""
    world.guarded = False
    yield


@contextmanager
def published_before_commit(world: World) -> Iterator[None]:
    """Events leave while their transaction is open."""
    add = Outbox.add

    async def hasty(self: Outbox, session: Any, new: Any) -> None:
        await add(self, session, new)
        records = [record for chunk in new for record in chunk.records]
        if records:
            await world.producers[PROCESS.get()].publish(records)

    with _replaced(Outbox, "add", hasty):
        yield


@contextmanager
def outbox_removed_before_acknowledged(world: World) -> Iterator[None]:
    """The outbox forgets what Kafka may not have."""
    world.for_consumers = Hasty
    yield


@contextmanager
def pending_removed_before_acknowledged(world: World) -> Iterator[None]:
    """The relay forgets what Kafka may not have."""
    world.for_relays = Hasty
    yield


@contextmanager
def relay_backwards(world: World) -> Iterator[None]:
    """The relay sends a document's newest event first."""
    world.for_relays = Backwards
    yield


@contextmanager
def relay_forgets_all(world: World) -> Iterator[None]:
    """The relay takes out also what was appended while it published."""

    def nothing(ids: Sequence[str]) -> list[dict[str, Any]]:
        return [{"$set": {"pending": [], "has_pending": False}}]

    with _replaced(relay, "_without_published", nothing):
        yield


@contextmanager
def relay_without_leases(world: World) -> Iterator[None]:
    """Every relay takes all of the work for its own."""

    async def all_of_it(self: relay.Leases) -> list[int]:
        return list(range(BUCKETS))

    with _replaced(relay.Leases, "renew", all_of_it):
        yield


@contextmanager
def relay_ignores_outbox(world: World) -> Iterator[None]:
    """The relay doesn't wait for what a handler decided before."""

    async def none(self: Outbox, subjects: Any) -> set[str]:
        return set()

    with _replaced(Outbox, "unpublished", none):
        yield


@contextmanager
def gaps_believed(world: World) -> Iterator[None]:
    """Whatever the broker sends first is taken for the next."""
    with _replaced(Ownership, "is_gap", lambda self, source, first: False):
        yield


@contextmanager
def former_sessions_left(world: World) -> Iterator[None]:
    """A killed owner's open transaction stays open."""

    async def leave(self: Checkpoints, *_: Any) -> None:
        return None

    with _replaced(Checkpoints, "end_former_sessions", leave):
        yield


Control = Callable[[World], Any]
CONTROLS: dict[Control, Callable[[Chance], Plan]] = {
    no_fence: _rough,
    checkpoint_first: _rough,
    no_duplicate_guard: _rough,
    published_before_commit: _rough,
    outbox_removed_before_acknowledged: _rough,
    pending_removed_before_acknowledged: _rough,
    relay_backwards: _rough,
    relay_forgets_all: _rough,
    relay_without_leases: _calm,
    relay_ignores_outbox: _rough,
    gaps_believed: _rough,
    former_sessions_left: _rough,
}


def first_violation(control: Control, *, seeds: int) -> tuple[int, list[str]] | None:
    """The first seed, of so many, at which the checker notices; None if it never does."""
    for seed in range(seeds):
        world = World(seed, CONTROLS[control])
        with control(world):
            found = world.run()
        if found:
            return seed, found
    return None
