"""One batch in one MongoDB transaction: checkpoint, inbox, effects, outbox, or nothing of it."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern

from incognita_shared.kafka.dead_letter import dead_letter
from incognita_shared.kafka.incoming import Handlers, Incoming, NotReady, Reader
from incognita_shared.kafka.spans import handling
from incognita_shared.mongo.checkpoint import Advance, Checkpoints, Claim, FencedError, Source
from incognita_shared.mongo.inbox import Inbox
from incognita_shared.mongo.outbox import Chunk, Outbox, chunks
from incognita_shared.mongo.parking import ParkedRecord, Parking
from incognita_shared.mongo.work import Cause, Work

MAJORITY = WriteConcern("majority", j=True, wtimeout=20_000)
COMMIT_MAX_MS = 10_000
log = logging.getLogger(__name__)


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
        checkpoints: Checkpoints,
    ) -> None:
        self._service = service
        self._db = db
        self._handlers = handlers
        self._checkpoints = checkpoints
        self._reader = Reader(handlers)
        self._inbox = Inbox(db)
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
        readable = [each for each in records if each.received and each.event_id]
        ids = [each.event_id for each in readable if each.event_id]
        seen = await self._inbox.seen(session, ids)
        work = Work(self._service, self._db, session)
        for record in readable:
            if record.event_id not in seen:
                await self.handle(work, record)
        await self._inbox.add(
            session,
            f"{source}:{claim.next:015d}:{subject}",
            [one for one in ids if one not in seen],
        )
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
        ids = [each.event_id for part in slices for each in part.records if each.received]
        seen = await self._inbox.seen(session, [one for one in ids if one]) if ids else set()
        work = Work(self._service, self._db, session)
        for part in slices:
            handled = await self._handle_slice(session, work, part, seen)
            await self._inbox.add(session, f"{part.source}:{part.claim.next:015d}", handled)
        await work.flush()
        new = [
            chunk
            for part in slices
            for chunk in chunks(part.source, part.claim.next, work.records().get(part.source, ()))
        ]
        await self._outbox.add(session, new)
        return new

    async def _handle_slice(
        self, session: AsyncClientSession, work: Work, part: Slice, seen: set[str]
    ) -> list[str]:
        """Handle one partition's records in order; returns the event ids that count as handled."""
        handled: list[str] = []
        parked = set(part.parked)
        aside: list[ParkedRecord] = []
        for record in part.records:
            if record.fault is not None:
                work.caused_by(Cause(record.source, record.subject))
                work.send(dead_letter(record, consumer=self._service, reason=record.fault))
                continue
            if record.received is None or record.event_id is None or record.event_id in seen:
                continue
            reason = part.give_up.get(record.offset)
            if reason is not None or record.subject in parked:
                parked.add(record.subject)
                aside.append(_parked(record, reason))
                continue
            await self.handle(work, record)
            seen.add(record.event_id)
            handled.append(record.event_id)
        await self._parking.add(session, aside)
        return handled

    async def handle(self, work: Work, record: Incoming) -> None:
        """Call the record's handler. Raises BlockedError for any fault of its own."""
        received = record.received
        if received is None or record.event_id is None:
            raise ValueError(f"{record.source}@{record.offset} is not for a handler")
        work.caused_by(Cause(record.source, record.event_id))
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
