"""Which partitions this process holds: claimed, drained, positioned; and which have to wait."""

import logging
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from incognita_shared.kafka.publisher import Publisher
from incognita_shared.mongo.checkpoint import Checkpoints, Claim, Source
from incognita_shared.mongo.outbox import Outbox
from incognita_shared.mongo.parking import Parking

BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.2, 30.0
NOT_READY_MOST_S = 2.0
ATTEMPTS = 5
NOT_READY_S = 120.0  # a fact of another topic that has not come by then will not come by itself
log = logging.getLogger(__name__)


@dataclass
class Block:
    """A record that failed: how often, since when, and when it is tried again."""

    offset: int
    attempts: int = 0
    since: float = field(default_factory=time.monotonic)
    due: float = 0.0

    def spent(self, *, not_ready: bool) -> bool:
        """Whether the record has had all the attempts it gets."""
        if not_ready:
            return time.monotonic() - self.since > NOT_READY_S
        return self.attempts >= ATTEMPTS

    def failed(self, *, not_ready: bool) -> None:
        """Count a failure and put the next attempt off, longer each time."""
        self.attempts += 1
        most = NOT_READY_MOST_S if not_ready else BACKOFF_MOST_S
        pause = min(BACKOFF_FIRST_S * 2 ** (self.attempts - 1), most)
        self.due = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


@dataclass
class Held:
    """A partition in our hands."""

    claim: Claim
    parked: set[str]
    block: Block | None = None
    give_up: dict[int, str] = field(default_factory=dict)
    gap: int | None = None
    """The offset behind a gap that was asked about again."""
    passed: int = 0
    """The offset behind records that nobody here reads; the checkpoint follows now and then."""

    @property
    def next(self) -> int:
        """The offset to read next."""
        return max(self.claim.next, self.passed)


class Ownership:
    """Claims what the group assigns, and knows each partition's position."""

    def __init__(
        self,
        kafka: AIOKafkaConsumer,
        sources: Mapping[str, str],
        *,
        checkpoints: Checkpoints,
        outbox: Outbox,
        publisher: Publisher,
        parking: Parking,
        lsid: UUID,
    ) -> None:
        self._kafka = kafka
        self._topics = dict(sources)  # name on the broker → name in the code
        self._names = {name: on_broker for on_broker, name in self._topics.items()}
        self._checkpoints = checkpoints
        self._outbox = outbox
        self._publisher = publisher
        self._parking = parking
        self._lsid = lsid
        self.held: dict[Source, Held] = {}

    def source(self, partition: TopicPartition) -> Source:
        """Our name for a broker's partition."""
        return Source(self._topics[partition.topic], partition.partition)

    def partition(self, source: Source) -> TopicPartition:
        """The broker's name for it."""
        return TopicPartition(self._names[source.topic], source.partition)

    def forget(self, sources: Iterable[Source] | None = None) -> None:
        """Let go of the partitions (of all, by default); those still assigned are claimed anew."""
        gone = list(self.held if sources is None else sources)
        for source in gone:
            self.held.pop(source, None)
        assigned = self._kafka.assignment()
        waiting = {self.partition(source) for source in gone} & assigned
        if waiting:
            self._kafka.pause(*waiting)

    async def claim_missing(self) -> None:
        """Claim what is assigned and not held. Raises PyMongoError, PublishError; repeatable."""
        missing = sorted(
            source
            for source in map(self.source, self._kafka.assignment())
            if source not in self.held
        )
        if not missing:
            return
        await self._publisher.drained(within_s=5)
        await self._checkpoints.end_former_sessions(missing)
        for source in missing:
            await self._claim(source)

    async def _claim(self, source: Source) -> None:
        claim = await self._checkpoints.claim(source, self._lsid)
        async for chunk in self._outbox.left(source):
            await self._publisher.publish([chunk])
        parked = await self._parking.subjects(source)
        if self._go_to(source, claim.next):
            self.held[source] = Held(claim, parked)
            log.info("claimed", extra={"source": str(source), "next": claim.next})

    def is_gap(self, source: Source, first: int) -> bool:
        """Whether offsets are missing before ``first``, so that nothing must be applied yet.

        A compacted topic has gaps, and so has one whose old records are gone: the broker is asked
        once more, and believed if it says the same again. Anything else would be a loss unseen.
        """
        held = self.held[source]
        if first in (held.next, held.gap):
            held.gap = None
            return False
        held.gap = first
        self._go_to(source, held.next)
        return True

    def wait(self, source: Source, block: Block) -> None:
        """Put the partition aside until the block is due."""
        held = self.held[source]
        held.block = block
        partition = self.partition(source)
        if self._go_to(source, held.next):
            self._kafka.pause(partition)

    def resume_due(self) -> None:
        """Go on with the partitions whose waiting time is over."""
        moment = time.monotonic()
        paused = self._kafka.paused()
        for source, held in list(self.held.items()):
            if self.partition(source) in paused and (
                held.block is None or held.block.due <= moment
            ):
                self._go_to(source, held.next)

    def _go_to(self, source: Source, offset: int) -> bool:
        """Position and resume the partition; False if the group has taken it away meanwhile."""
        partition = self.partition(source)
        try:
            self._kafka.seek(partition, offset)
            self._kafka.resume(partition)
        except IllegalStateError:
            self.held.pop(source, None)
            return False
        return True
