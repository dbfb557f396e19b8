"""Applies batches to the partitions held; what blocks a partition stops that partition only."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_shared.kafka.batch import BatchProcessor, BlockedError, Slice, UnattributedError
from incognita_shared.kafka.dead_letter import DeadLetterLimit
from incognita_shared.kafka.incoming import Incoming
from incognita_shared.kafka.ownership import Block, Ownership
from incognita_shared.kafka.publisher import Committed, Publisher
from incognita_shared.kafka.spans import batch_span, measure_batch
from incognita_shared.mongo.checkpoint import (
    Advance,
    Checkpoints,
    Claim,
    FencedError,
    Source,
)
from incognita_shared.mongo.outbox import Chunk
from incognita_shared.mongo.parking import Parking
from incognita_shared.telemetry import instruments

log = logging.getLogger(__name__)


class Applier:
    """What the consumer loop does with a batch, and what comes of its failures."""

    def __init__(
        self,
        service: str,
        session: AsyncClientSession,
        *,
        checkpoints: Checkpoints,
        ownership: Ownership,
        processor: BatchProcessor,
        publisher: Publisher,
        parking: Parking,
        after_commit: Sequence[Callable[[], None]],
        afterwards: Callable[[], Awaitable[None]],
    ) -> None:
        self._service = service
        self._session = session
        self._checkpoints = checkpoints
        self._ownership = ownership
        self._processor = processor
        self._publisher = publisher
        self._parking = parking
        self._after_commit = after_commit
        self._afterwards = afterwards
        self._limit = DeadLetterLimit()

    async def apply(self, slices: Sequence[Slice]) -> None:
        """Apply as much of the batch as can be.

        Raises PyMongoError when the store is away, DeadLetterLimitError when too much is dead.
        """
        left = list(slices)
        while left:
            try:
                await self._commit(left)
                break
            except FencedError as fenced:
                log.warning("fenced", extra={"sources": str(fenced)})
                self._ownership.forget([part.source for part in left])
                return
            except BlockedError as blocked:
                left = self._around(left, blocked)
            except UnattributedError as error:
                records = [record for part in left for record in part.records]
                if len(records) == 1:
                    left = self._around(left, BlockedError(records[0], error))
                else:
                    await self._apply_singly(left)
                    return
        for part in slices:
            self._settle(part.source)

    async def _commit(self, slices: Sequence[Slice]) -> None:
        records = [record for part in slices for record in part.records]
        limit = self._limit.after([record.fault is not None for record in records])
        started = time.perf_counter()
        with batch_span(self._service, records):
            new = await self._processor.apply(self._session, slices)
        measure_batch(self._service, records=len(records), seconds=time.perf_counter() - started)
        self._limit = limit
        _tell_dead(records)
        for part in slices:
            held = self._ownership.held.get(part.source)
            if held is None:
                continue  # the group has taken it away meanwhile; what was committed holds
            held.claim = Claim(held.claim.epoch, part.next)
            for record in part.records:
                if held.give_up.pop(record.offset, None) is not None:
                    held.parked.add(record.subject)
        await self._publish(new)

    async def _publish(self, new: Sequence[Chunk]) -> None:
        for callback in self._after_commit:
            callback()
        await self._publisher.put(Committed(new, self._afterwards))

    async def _apply_singly(self, slices: Sequence[Slice]) -> None:
        """Record by record, so that the one that fails is known and all others go through."""
        for part in slices:
            for record in part.records:
                held = self._ownership.held.get(part.source)
                if held is None:
                    break
                single = replace(
                    part,
                    claim=held.claim,
                    records=(record,),
                    next=record.offset + 1,
                    parked=frozenset(held.parked),
                )
                await self.apply([single])
                if held.claim.next <= record.offset:
                    break

    def _around(self, slices: Sequence[Slice], blocked: BlockedError) -> list[Slice]:
        """Leave out what stands at and behind the blocked record, or give the record up."""
        record = blocked.record
        held = self._ownership.held.get(record.source)
        if held is None:
            return [part for part in slices if part.source != record.source]
        if held.block is None or held.block.offset != record.offset:
            held.block = Block(record.offset)
        held.block.failed(not_ready=blocked.not_ready)
        log.warning(
            "record blocked",
            extra={
                "source": str(record.source),
                "offset": record.offset,
                "attempts": held.block.attempts,
                "cause": repr(blocked.cause)[:500],
            },
            exc_info=None if blocked.not_ready else blocked.cause,
        )
        if held.block.spent(not_ready=blocked.not_ready):
            held.give_up[record.offset] = f"{type(blocked.cause).__name__}: {blocked.cause}"[:1_000]
            return list(slices)
        cut = [_before(part, record.offset) if part.source == record.source else part
               for part in slices]  # fmt: skip
        return [part for part in cut if part is not None]

    def _settle(self, source: Source) -> None:
        """Wait at a block, or forget it once it is passed."""
        held = self._ownership.held.get(source)
        if held is None or held.block is None:
            return
        if held.claim.next > held.block.offset:
            held.block = None
        else:
            self._ownership.wait(source, held.block)

    async def pass_over(self) -> None:
        """Move the checkpoints behind records that had nothing to say to this service.

        They had no effects, so this needs no transaction: whoever is fenced loses nothing.
        """
        steps = [
            Advance(source, held.claim, held.passed)
            for source, held in self._ownership.held.items()
            if held.passed > held.claim.next
        ]
        if not steps:
            return
        try:
            await self._checkpoints.advance(None, steps)
        except FencedError as fenced:
            log.warning("fenced", extra={"sources": str(fenced)})
            self._ownership.forget([step.source for step in steps])
            return
        for step in steps:
            if held := self._ownership.held.get(step.source):
                held.claim = Claim(held.claim.epoch, step.next)
        await self._publisher.put(Committed((), self._afterwards))

    async def replay_unparked(self) -> None:
        """Handle, in order, what waits for the subjects that an operator has unparked."""
        for source, subject in await self._parking.wanted_back(list(self._ownership.held)):
            held = self._ownership.held.get(source)
            if held is None:
                continue
            try:
                new = await self._processor.replay(self._session, source, held.claim, subject)
            except FencedError:
                self._ownership.forget([source])
                continue
            except (BlockedError, UnattributedError) as error:
                log.warning("replay failed", extra={"subject": subject, "cause": str(error)[:500]})
                await self._parking.keep(source, subject, str(error)[:1_000])
                continue
            held.parked.discard(subject)
            await self._publish(new)


def _tell_dead(records: Sequence[Incoming]) -> None:
    for record in records:
        if record.fault is not None:
            instruments().dead_letters.add(1, {"messaging.destination.name": record.source.topic})
            log.error(
                "dead letter",
                extra={
                    "source": str(record.source),
                    "offset": record.offset,
                    "fault": record.fault,
                },
            )


def _before(part: Slice, offset: int) -> Slice | None:
    """The part of the slice before ``offset``; None where nothing is left."""
    records = tuple(record for record in part.records if record.offset < offset)
    return replace(part, records=records, next=records[-1].offset + 1) if records else None
