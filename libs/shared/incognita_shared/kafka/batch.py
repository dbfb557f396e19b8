"""One batch in one MongoDB transaction: checkpoint, effects, outbox, or nothing of it.

Nobody keeps the ids of the events that were handled: a handler knows from what it has written
whether it has seen an event (its number, version or key), so that one handled again changes nothing
and says nothing (docs/adr/0008).
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern

from incognita_shared.events.codec import UndecodableError
from incognita_shared.kafka.dead_letter import dead_letter
from incognita_shared.kafka.incoming import Handlers, Incoming, NotReady, Reader, Reads
from incognita_shared.kafka.spans import handling
from incognita_shared.mongo.checkpoint import Advance, Checkpoints, Claim, FencedError, Source
from incognita_shared.mongo.outbox import Chunk, Outbox, chunks
from incognita_shared.mongo.parking import ParkedRecord, Parking
from incognita_shared.mongo.work import Cause, Work

MAJORITY = WriteConcern("majority", j=True, wtimeout=20_000)
COMMIT_MAX_MS = 10_000


@dataclass(frozen=True, slots=True)
class Slice:
    """What one partition contributes to a batch, beginning at its claim's offset."""

    source: Source
    claim: Claim
    records: tuple[Incoming, ...]
    next: int
    parked: frozenset[str]
    """Subjects whose records go to the parking."""
    give_up: Mapping[int, str]
    """Offsets that have failed too often → why; their subjects are parked with them."""


class BlockedError(Exception):
    """One record stands in the way of its partition; nothing of the batch was applied."""

    def __init__(self, record: Incoming, cause: Exception) -> None:
        super().__init__(f"{record.source}@{record.offset}: {cause}")
        self.record = record
        self.cause = cause

    @property
    def not_ready(self) -> bool:
        """Whether it only has to wait."""
        return isinstance(self.cause, NotReady)


class UnattributedError(Exception):
    """The batch failed and no record can be named: it must be tried record by record."""


def is_outage(error: PyMongoError) -> bool:
    """Whether the store, not the record, is to blame, so that waiting helps."""
    return (
        isinstance(error, ConnectionFailure | ExecutionTimeout)
        or error.has_error_label("TransientTransactionError")
        or error.has_error_label("UnknownTransactionCommitResult")
        or error.has_error_label("RetryableWriteError")
        or error.timeout
    )


class BatchProcessor:
    """Applies batches for one consumer service."""

    def __init__(
        self,
        service: str,
        db: AsyncDatabase[dict[str, Any]],
        *,
        handlers: Handlers,
        reads: Reads,
        checkpoints: Checkpoints,
    ) -> None:
        self._service = service
        self._db = db
        self._handlers = handlers
        self._reads = reads
        self._checkpoints = checkpoints
        self._reader = Reader(handlers)
        self._outbox = Outbox(db)
        self._parking = Parking(db)

    async def apply(self, session: AsyncClientSession, slices: Sequence[Slice]) -> list[Chunk]:
        """Apply the batch and return what must now be published, in order.

        Raises FencedError (not the owner any more), BlockedError (one record fails),
        UnattributedError (something fails, try singly) or PyMongoError (the store is out of reach).
        """

        return await self._transact(session, lambda inside: self._apply(inside, slices))

    async def replay(
        self, session: AsyncClientSession, source: Source, claim: Claim, subject: str
    ) -> list[Chunk]:
        """Handle what is parked for ``subject``, in order, and end its parking; as ``apply``."""
        return await self._transact(
            session, lambda inside: self._replay(inside, source, claim, subject)
        )

    async def _transact(
        self,
        session: AsyncClientSession,
        body: Callable[[AsyncClientSession], Awaitable[list[Chunk]]],
    ) -> list[Chunk]:
        try:
            return await session.with_transaction(
                body,
                read_concern=ReadConcern("snapshot"),
                write_concern=MAJORITY,
                read_preference=ReadPreference.PRIMARY,
                max_commit_time_ms=COMMIT_MAX_MS,
            )
        except PyMongoError as error:
            if is_outage(error):
                raise
            raise UnattributedError(str(error)) from error

    async def _replay(
        self, session: AsyncClientSession, source: Source, claim: Claim, subject: str
    ) -> list[Chunk]:
        await self._checkpoints.advance(session, [Advance(source, claim, claim.next)])
        kept = await self._parking.records(session, source, subject)
        records = [self._reader.read(source, each.offset, key=each.key, value=each.value,
                                     headers=each.headers) for each in kept]  # fmt: skip
        work = Work(self._service, self._db, session)
        for record in records:
            if record.fault is not None:  # a dead letter sent back, which still can't be read
                raise BlockedError(record, UndecodableError(record.fault))
            if record.received is not None:
                await self._handle(work, record)
        await self._parking.remove(session, source, subject)
        await work.flush()
        # "-" sorts before the digits of a batch that begins at the same offset and comes later
        part = f"-{subject}"
        new = list(chunks(source, claim.next, work.records().get(source, ()), part=part))
        await self._outbox.add(session, new)
        return new

    async def _apply(self, session: AsyncClientSession, slices: Sequence[Slice]) -> list[Chunk]:
        steps = [Advance(part.source, part.claim, part.next) for part in slices]
        await self._checkpoints.advance(session, steps)
        work = Work(self._service, self._db, session)
        await work.load(self._wanted(slices))
        for part in slices:
            await self._parking.add(session, await self._handle_slice(work, part))
        await work.flush()
        new = [
            chunk
            for part in slices
            for chunk in chunks(part.source, part.claim.next, work.records().get(part.source, ()))
        ]
        await self._outbox.add(session, new)
        return new

    def _wanted(self, slices: Sequence[Slice]) -> Mapping[str, set[str]]:
        """The documents that the handlers of the batch are going to read: collection → ids."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for record in (each for part in slices for each in part.records):
            if record.received and (reads := self._reads.get(type(record.received.event))):
                for collection, name in reads(record.received.event):
                    wanted[collection].add(name)
        return wanted

    async def _handle_slice(self, work: Work, part: Slice) -> list[ParkedRecord]:
        """Handle one partition's records in order; returns those that go to the parking."""
        parked = set(part.parked)
        aside: list[ParkedRecord] = []
        for record in part.records:
            if record.fault is not None:
                work.caused_by(Cause(record.source, record.subject))
                work.send(dead_letter(record, consumer=self._service, reason=record.fault))
                continue
            if record.received is None:
                continue
            reason = part.give_up.get(record.offset) if part.give_up else None
            if reason is not None or record.subject in parked:
                parked.add(record.subject)
                aside.append(_parked(record, reason))
                continue
            await self._handle(work, record)
        return aside

    async def _handle(self, work: Work, record: Incoming) -> None:
        """Call the record's handler. Raises BlockedError for any fault of its own."""
        received = record.received
        if received is None:
            raise ValueError(f"{record.source}@{record.offset} is not for a handler")
        work.caused_by(Cause(record.source, received.envelope.id))
        try:
            with handling(received.envelope, record.source, record.offset):
                await self._handlers[type(received.event)](received, work)
        except (FencedError, PyMongoError) as error:
            if isinstance(error, PyMongoError) and not is_outage(error):
                raise BlockedError(record, error) from error
            raise
        except Exception as error:
            raise BlockedError(record, error) from error


def _parked(record: Incoming, reason: str | None) -> ParkedRecord:
    return ParkedRecord(
        source=record.source,
        offset=record.offset,
        subject=record.subject,
        key=record.key,
        value=record.value,
        headers=record.headers,
        reason=reason,
    )
