"""Reads the topics again into the staging database, as the service's own consumer would.

Every batch is one transaction with its checkpoint in the staging database, so a rebuild that was
killed goes on where its last batch ended, and a second one at the same time fences the first.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_shared.ids import new_id
from incognita_shared.kafka.batch import BatchProcessor, BlockedError, Slice, UnattributedError
from incognita_shared.kafka.incoming import Incoming, Reader
from incognita_shared.mongo.checkpoint import Checkpoints, Claim, FencedError, Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.outbox import Outbox
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from incognitactl.rebuild.errors import Stopped
from incognitactl.rebuild.plans import Step
from incognitactl.rebuild.progress import Progress

BATCH_RECORDS = 500
STALLED_S = 60.0
Place = tuple[Source, int]


@dataclass
class LeftOut:
    """Records that had no effect in the service either, or, by wish, can't have one any more."""

    unreadable: int = 0
    without_cause: list[str] = field(default_factory=list)
    """What refers to records that are not on the topic any more."""


class Reading:
    """One run over the topics of a rebuild."""

    def __init__(
        self,
        service: str,
        staging: Database,
        *,
        connections: Connections,
        until: Mapping[Source, int],
        begins: Mapping[Source, int],
        passed_over: Collection[Place],
        tolerant: bool,
        progress: Progress,
    ) -> None:
        """``passed_over``: parked records and dead letters, which the service has not handled.

        ``tolerant``: leave out what waits for facts that will not come.
        """
        self._service = service
        self._staging = staging
        self._connections = connections
        self._until = until
        self._begins = begins
        self._passed_over = set(passed_over)
        self._tolerant = tolerant
        self._progress = progress
        self._checkpoints = Checkpoints(staging, owner=new_id())
        self._outbox = Outbox(staging)
        self.left_out = LeftOut()

    async def run(self, steps: Sequence[Step]) -> None:
        """Read all of it. Raises Stopped where a record can't be handled."""
        async with (
            self._staging.client.start_session() as session,
            self._connections.reader() as kafka,
        ):
            await self._staging.command("ping", session=session)  # gives the session its id
            for step in steps:
                try:
                    await self._step(step, session, kafka)
                except FencedError as error:
                    raise Stopped("another rebuild of the service has taken over") from error

    async def _step(self, step: Step, session: AsyncClientSession, kafka: AIOKafkaConsumer) -> None:
        processor = BatchProcessor(
            self._service,
            self._staging,
            handlers=step.handlers,
            reads=step.reads,
            checkpoints=self._checkpoints,
        )
        reader = Reader(step.handlers)
        claims = await self._claims(step, session)
        partitions = {_on_broker(source): source for source in claims}
        kafka.assign(list(partitions))
        for partition, source in partitions.items():
            kafka.seek(partition, max(claims[source].next, self._begins[source]))
        moved_at = time.monotonic()
        while left := [each for each in claims if claims[each].next < self._until[each]]:
            polled = await kafka.getmany(
                *map(_on_broker, left), timeout_ms=200, max_records=BATCH_RECORDS
            )
            slices = await self._slices(
                reader, kafka, {each: claims[each] for each in left}, polled
            )
            if slices:
                await self._apply(processor, session, slices)
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALLED_S:
                raise Stopped(f"Kafka: nothing came of {left[0]} for {STALLED_S:g} s")
            for part in slices:
                self._progress.advance(part.next - max(part.claim.next, self._begins[part.source]))
                claims[part.source] = Claim(part.claim.epoch, part.next)

    async def _slices(
        self,
        reader: Reader,
        kafka: AIOKafkaConsumer,
        claims: Mapping[Source, Claim],
        polled: Mapping[TopicPartition, Sequence[ConsumerRecord]],
    ) -> list[Slice]:
        """What came of each partition; where a compacted topic has a gap, only a step over it."""
        slices = []
        for source, claim in claims.items():
            partition = _on_broker(source)
            position = min(await kafka.position(partition), self._until[source])
            if position > claim.next:
                records = self._wanted(reader, source, polled.get(partition, ()))
                slices.append(Slice(source, claim, records, position, frozenset(), {}))
        return slices

    async def _claims(self, step: Step, session: AsyncClientSession) -> dict[Source, Claim]:
        lsid = session.session_id["id"].as_uuid()
        sources = [source for source in self._until if source.topic == step.topic]
        await self._checkpoints.end_former_sessions(sources)
        claims = {source: await self._checkpoints.claim(source, lsid) for source in sources}
        for source, claim in claims.items():
            done = min(claim.next, self._until[source]) - self._begins[source]
            self._progress.advance(max(done, 0))
        return claims

    def _wanted(
        self, reader: Reader, source: Source, polled: Sequence[ConsumerRecord]
    ) -> tuple[Incoming, ...]:
        records = []
        for each in polled:
            if each.offset >= self._until[source] or (source, each.offset) in self._passed_over:
                continue
            record = reader.read(
                source, each.offset, key=each.key, value=each.value, headers=each.headers
            )
            if record.fault is not None:
                self.left_out.unreadable += 1
            elif record.received is not None:
                records.append(record)
        return tuple(records)

    async def _apply(
        self, processor: BatchProcessor, session: AsyncClientSession, slices: Sequence[Slice]
    ) -> None:
        left = list(slices)
        while True:
            try:
                said = await processor.apply(session, left)
            except BlockedError as blocked:
                left = self._without(left, blocked)
            except UnattributedError as error:
                raise Stopped(f"the batch can't be written: {error}") from error
            else:
                await self._outbox.remove(said)  # it was said when the service handled the records
                return

    def _without(self, slices: Sequence[Slice], blocked: BlockedError) -> list[Slice]:
        record = blocked.record
        place = f"{record.source}@{record.offset}"
        if not (self._tolerant and blocked.not_ready):
            raise Stopped(f"the record {place} can't be handled: {blocked.cause}") from blocked
        self.left_out.without_cause.append(place)
        kept = [each for part in slices for each in part.records if each is not record]
        return [
            replace(part, records=tuple(each for each in kept if each.source == part.source))
            for part in slices
        ]


def _on_broker(source: Source) -> TopicPartition:
    return TopicPartition(kafka_name(source.topic), source.partition)
