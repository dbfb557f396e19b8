"""One run: processes on a simulated broker and store, struck by faults, then left to recover."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from pymongo.errors import PyMongoError

from incognita_shared.kafka.producer import Producer, PublishError
from incognita_shared.mongo.parking import Parking
from tests.simulation.broker.consumer import SimulatedConsumer
from tests.simulation.broker.producer import SimulatedProducer
from tests.simulation.broker.server import BrokerServer, Sent
from tests.simulation.chance import Chance
from tests.simulation.checker import Violations, outstanding, turned_back, unfounded, violations
from tests.simulation.clocks import virtual_time
from tests.simulation.events import COUNTS, REPORTS
from tests.simulation.faults import Storm
from tests.simulation.loop import PROCESS, STARTED, Process, SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.plan import Plan
from tests.simulation.roles import ROLES, Program, settings
from tests.simulation.store.client import SimulatedClient
from tests.simulation.store.server import StoreServer

RECOVERED_WITHIN_S = 120.0
TURNS = 400_000
LOOK_EVERY_S = 0.5
LATEST_S = 50.0
BUCKETS = 2  # of the relay's work: eight cost more and show no more


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, plan: Callable[[Chance], Plan] = Plan.of) -> None:
        self.chance = Chance(seed)
        self.plan = plan(self.chance)
        self.loop = SimulatedLoop(self.chance)  # type: ignore[abstract]
        self.chance.clock = lambda: self.loop.time() - STARTED
        self.storm = Storm(
            self.loop, self.chance, self.plan.weather, on_crash=self._crashed, on_stop=self._stop
        )
        self.store = StoreServer(self.loop, self.chance)
        self.broker = BrokerServer(
            self.loop,
            self.chance,
            partitions={REPORTS: self.plan.partitions, COUNTS: self.plan.partitions},
        )
        self.broker.gaps = self.plan.gaps
        self.settings = settings(self.plan.batch)
        self._to_store = Network(self.loop, self.chance, self.storm, self.store)
        self._to_broker = Network(self.loop, self.chance, self.storm, self.broker)
        self.accepted: set[tuple[str, int]] = set()
        self.poison: set[tuple[str, int, int]] = set()
        self.found: Violations = []
        self.guarded = True
        """Negative control: handlers that don't recognise what they have seen."""
        self.for_relays: Callable[[Producer], Any] = lambda producer: producer
        self.for_consumers: Callable[[Producer], Any] = lambda producer: producer
        """Negative controls: what relays and consumers get in the place of the producer."""
        self.producers: dict[Process, Producer] = {}
        self.recovered = self._last_from_outside = STARTED
        self._number = 0
        self._mended = False
        self._programs: dict[Process, tuple[Program, str]] = {}

    def run(self) -> Violations:
        """Run to the end and return what is wrong; empty when nothing is."""
        self.broker.on_append = lambda record: self.found.extend(unfounded(self.store, record))
        self.store.on_change["checkpoints"] = lambda before, after: self.found.extend(
            turned_back(before, after)
        )
        with virtual_time(self.loop, self.chance.seed), self._stand_ins():
            try:
                self.loop.run(self._live(), turns=TURNS)
            finally:
                self.loop.dispose()
        return self.found

    async def _live(self) -> None:
        for role, count in (
            ("door", self.plan.doors), ("counter", self.plan.counters), ("sink", 1)
        ):  # fmt: skip
            for _ in range(count):
                self.loop.in_world(self.chance.between(0, 1), self._start, role)
        for happens in [self._poison] * self.plan.poison + [self._repeat] * self.plan.repeats:
            after = self.chance.between(0.5, 5)
            self._last_from_outside = max(self._last_from_outside, STARTED + after)
            self.loop.in_world(after, happens)
        mending = asyncio.ensure_future(self._mend()) if self.plan.sick else None
        await self._recover(self._last_from_outside + 0.1)
        if self.plan.lingers:  # what was thought lost may still arrive
            await self._recover(self.loop.time() + LATEST_S)
        if mending:
            mending.cancel()
        self.found.extend(violations(self))
        self.found.extend(str(each) for each in self.loop.problems if "exception" in each)

    async def _recover(self, not_before: float) -> None:
        """Until everything has come to rest and nothing is stopped or away any more."""
        while not self.found:
            left = outstanding(self)
            self.recovered = self.loop.time()
            if not left and self.recovered > max(self.storm.last, not_before):
                return
            if left and self.storm.over and self.recovered > self.storm.last + RECOVERED_WITHIN_S:
                self.found.append(f"does not recover: {left[:3]}")
            await asyncio.sleep(LOOK_EVERY_S)

    # processes

    def _start(self, role: str) -> None:
        self._number += 1
        process = self.loop.adopt(Process(f"{role}-{self._number}"))
        program = Program(self, process.name, asyncio.Event())
        self._programs[process] = program, role
        task = self.loop.start_in(process, ROLES[role](program))
        task.add_done_callback(lambda _: self._ended(process, task), context=self.loop.context)

    def _ended(self, process: Process, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.chance.note(process.name, f"ends by {error!r}"[:200])
            if not isinstance(error, PyMongoError | KafkaError | PublishError | TimeoutError):
                self.found.append(f"{process.name} ends by {error!r}")
        self.storm.crash(process)

    def _crashed(self, process: Process) -> None:
        _, role = self._programs[process]
        self.chance.note(process.name, "is gone")
        self.loop.in_world(self.chance.one_of((0.1, 1.0, 6.0)), self._start, role)

    def _stop(self, process: Process) -> None:
        program, _ = self._programs[process]
        self.loop.start_soon(process, program.stop.set)

    # what comes from outside

    def _poison(self) -> None:
        key = self.chance.one_of(list(self.plan.visits.values())).encode()
        partition = self.broker.partition_for(REPORTS, key)
        headers: tuple[tuple[str, bytes], ...] = (("ce_id", b"x"),)
        if self.chance.happens(0.5):
            named = {"ce_id": "x", "ce_type": "incognita.step.reported.v1", "ce_source": "/x",
                     "ce_time": "2026-01-01T00:00:00+00:00", "ce_subject": "v0"}  # fmt: skip
            headers = tuple((name, value.encode()) for name, value in named.items())
        self.broker.append(partition, [Sent(key, b"{broken", headers)])
        offset = self.broker.ends[partition] - 1
        self.poison.add((REPORTS, partition.partition, offset))

    def _repeat(self) -> None:
        records = [each for each in self.broker.records(REPORTS) if each.value != b"{broken"]
        if records:
            old = self.chance.one_of(records)
            self.broker.append(
                TopicPartition(REPORTS, old.partition),
                [Sent(old.key, old.value, old.headers)],
            )

    def is_sick(self, visit: str, seq: int) -> bool:
        """Whether handling this step fails for now."""
        return not self._mended and (visit, seq) in self.plan.sick

    async def _mend(self) -> None:
        """The operator: mend the cause some time, then unpark who is parked."""
        await asyncio.sleep(self.chance.between(3, 25))
        self._mended = True
        self.chance.note("operator", "mends the cause")
        database: Any = self.connect()["counter"]
        parking = Parking(database)
        while True:
            await asyncio.sleep(1)
            for parked in self.store.documents("counter", "parked_subjects"):
                await parking.unpark(parked["subject"])

    # servers

    def connect(self) -> SimulatedClient:
        """A connection to the store, of the process that asks."""
        return SimulatedClient(
            self.store,
            self._to_store,
            new_session=self._next,
            server_is_slow=self.storm.late_commit,
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _consumer(self, **options: Any) -> SimulatedConsumer:
        name = PROCESS.get(self.loop.world).name
        consumer = SimulatedConsumer(
            self.broker, self._to_broker, self.chance,
            member=lambda: f"{name}/{self._next()}", options=options,
        )  # fmt: skip
        consumer.oddness = self.plan.oddness
        return consumer

    def _producer(self, **options: Any) -> SimulatedProducer:
        return SimulatedProducer(
            self.broker, self._to_broker, self.loop, self.chance, self.storm, options=options
        )

    @contextmanager
    def _stand_ins(self) -> Iterator[None]:
        """In the place of aiokafka's clients, wherever the core has their names."""
        names: dict[str, Any] = {
            "AIOKafkaConsumer": self._consumer,
            "AIOKafkaProducer": self._producer,
            "BUCKETS": BUCKETS,
        }
        places = [
            (module, name)
            for path, module in sys.modules.items()
            if path.startswith("incognita_shared.")
            for name in names
            if hasattr(module, name)
        ]
        before = [getattr(module, name) for module, name in places]
        for module, name in places:
            setattr(module, name, names[name])
        try:
            yield
        finally:
            for (module, name), real in zip(places, before, strict=True):
                setattr(module, name, real)
