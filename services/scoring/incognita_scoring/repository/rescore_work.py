"""What the worker of rescores reads and writes, of any chain, while it holds a job."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bson.binary import Binary
from opentelemetry.trace import use_span
from pymongo import ReplaceOne, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import (
    read_revision,
    read_score,
    revision_document,
)
from incognita_scoring.repository.rescore_indexes import CHANGES, RESCORES, WAVE_VERSIONS
from incognita_scoring.repository.rescores import change_document, read_change, to_be_scored
from incognita_scoring.repository.reviews import changes
from incognita_scoring.rescoring.anew import Rescored
from incognita_scoring.rescoring.changes import Applied, Change
from incognita_scoring.rescoring.job import OPEN, Rescore
from incognita_scoring.score import Revision, Score
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.telemetry import tracer, visit_context

LEASE_S = 15.0
READ_MAX_MS = 5_000
MAJORITY = WriteConcern(w="majority", j=True)


class JobLost(Exception):
    """Another worker has claimed the job, or it was cancelled; nothing was written."""


class ScoresMoved(Exception):
    """A score has changed since it was read; nothing was written."""


class RescoreWork:
    """The queue of rescores, and the writes of the job that is held.

    ``due_at`` is both: when a job should be looked at, and until when its worker holds it. Every
    write carries the claim's ``epoch``.
    """

    def __init__(self, db: Database, *, lease_s: float = LEASE_S) -> None:
        self._db = db
        self._lease = timedelta(seconds=lease_s)

    def held_until(self) -> datetime:
        """The ``due_at`` of a job that is held from now on."""
        return now() + self._lease

    async def claim(self, lsid: UUID, at: datetime) -> Rescore | None:
        """The job that is due first, held from now on.

        The transaction of its former worker, which may have been killed within it, is ended, as it
        would block every write to its scores.
        """
        due = {"due_at": {"$lte": at}}
        former = await self._db[RESCORES].find_one(due, {"lsid": 1}, sort=[("due_at", 1)])
        if former is None:
            return None
        if "lsid" in former:
            sessions = [{"id": Binary.from_uuid(UUID(former["lsid"]))}]
            await self._db.client.admin.command({"killSessions": sessions})
        claim = {"$set": {"due_at": at + self._lease, "lsid": lsid.hex}, "$inc": {"epoch": 1}}
        document = await self._db[RESCORES].find_one_and_update(
            {**due, "_id": former["_id"]}, claim, return_document=ReturnDocument.AFTER
        )
        return None if document is None else Rescore.of(document)

    async def list_scores(self, job: Rescore, limit: int) -> list[Score]:
        """The next reports of the wave at which the job stands, in order of visit id."""
        where = to_be_scored(
            job.chain_id, job.waves[job.wave], version=job.questionnaire_version,
            engines=job.by_engines, from_version=job.from_version,
        )  # fmt: skip
        if job.after is not None:
            where["_id"] = {"$gt": job.after}
        cursor = self._db[SCORES].find(
            where, WITHOUT_PENDING, sort=[("_id", 1)], limit=limit, max_time_ms=READ_MAX_MS
        )
        return [read_score(document) async for document in cursor]

    async def revisions_of(self, scores: Sequence[Score]) -> dict[str, Revision]:
        """Visit id → the newest revision."""
        names = [score.revision_id for score in scores]
        cursor = self._db[REVISIONS].find({"_id": {"$in": names}}, max_time_ms=READ_MAX_MS)
        found = [read_revision(document) async for document in cursor]
        return {revision.visit_id: revision for revision in found}

    async def save_previewed(self, job: Rescore, changes: Sequence[Change]) -> None:
        """Keep rows; writing one again changes nothing."""
        if changes:
            rows = [change_document(change, job.chain_id) for change in changes]
            writes = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
            await self._db[CHANGES].bulk_write(writes, ordered=False)

    async def delete_rows(self, job: Rescore) -> None:
        """Forget a preview that is made anew."""
        where = {"chain_id": job.chain_id, "rescore_id": job.rescore_id}
        await self._db[CHANGES].delete_many(where)

    async def rows(self, job: Rescore) -> AsyncIterator[Change]:
        """All rows, in any order."""
        where = {"chain_id": job.chain_id, "rescore_id": job.rescore_id}
        async for document in self._db[CHANGES].find(where):
            yield read_change(document)

    async def save_applied(
        self,
        session: AsyncClientSession,
        job: Rescore,
        step: Rescore,
        written: Sequence[tuple[Score, Rescored, Change]],
    ) -> None:
        """Revisions, scores with their events, rows and the job's own place in one transaction.

        Raises JobLost or ScoresMoved, after which none of it has happened.
        """
        async with await session.start_transaction(ReadConcern("snapshot"), MAJORITY):
            await self.save_place(job, step, due_at=self.held_until(), session=session)
            scores = [_score_update(before, outcome) for before, outcome, _ in written]
            result = await self._db[SCORES].bulk_write(scores, ordered=False, session=session)
            if result.matched_count != len(written):
                raise ScoresMoved
            revisions = [revision_document(outcome.revision) for _, outcome, _ in written]
            await self._db[REVISIONS].insert_many(revisions, ordered=False, session=session)
            rows = [_applied_row(job, outcome, change) for _, outcome, change in written]
            await self._db[CHANGES].bulk_write(rows, ordered=False, session=session)

    async def save_place(
        self,
        job: Rescore,
        step: Rescore,
        *,
        due_at: datetime | None,
        session: AsyncClientSession | None = None,
    ) -> None:
        """Move the job on to ``step``, to be looked at again at ``due_at``. Raises JobLost."""
        fields = step.model_dump(exclude={"rescore_id", "summary"})
        fields |= {
            "waves": list(step.waves),
            "engines": list(step.engines),
            "state": step.state.value,
            "open": step.state in OPEN,
        }
        fields["summary"] = step.summary and step.summary.model_dump(mode="json")
        update: dict[str, Any] = {"$set": fields}
        if due_at is None:
            update["$unset"] = {"due_at": ""}
        else:
            fields["due_at"] = due_at
        where = {"_id": job.rescore_id, "epoch": job.epoch}
        result = await self._db[RESCORES].update_one(where, update, session=session)
        if not result.matched_count:
            raise JobLost

    async def save_failure(
        self, job: Rescore, change: Document, *, due_at: datetime | None
    ) -> None:
        """Note what went wrong; the job stays where it is. Raises JobLost."""
        update: dict[str, Any] = {"$set": change}
        if due_at is None:
            update["$unset"] = {"due_at": ""}
        else:
            update["$set"] = {**change, "due_at": due_at}
        where = {"_id": job.rescore_id, "epoch": job.epoch}
        result = await self._db[RESCORES].update_one(where, update)
        if not result.matched_count:
            raise JobLost

    async def keep_wave_versions(self, job: Rescore) -> None:
        """From now on, reports of the waves are scored by this version at least."""
        for wave_id in job.waves:
            await self._db[WAVE_VERSIONS].update_one(
                {"_id": wave_id, "chain_id": job.chain_id},
                {"$max": {"version": job.questionnaire_version}},
                upsert=True,
            )


def _score_update(before: Score, outcome: Rescored) -> UpdateOne:
    span = tracer().start_span("visit rescore", context=visit_context(before.visit_id))
    with use_span(span, end_on_exit=True):
        update = append_events(changes(before, outcome.score), *outcome.events)
    # every event raises `seq`, and what is decided without one is a decision more
    decided = {"decisions": {"$size": len(before.decisions)}}
    return UpdateOne({"_id": before.visit_id, "seq": before.seq, **decided}, update)


def _applied_row(job: Rescore, outcome: Rescored, change: Change) -> UpdateOne:
    """The row as it was previewed, or as it came out where none was."""
    row: Document = change_document(change, job.chain_id)
    name, revision = row.pop("_id"), outcome.revision
    row.pop("applied")
    applied = Applied(
        score_revision=revision.score_revision, score=revision.score, applied_at=revision.scored_at
    )
    update = {"$set": {"applied": applied.model_dump(mode="json")}, "$setOnInsert": row}
    return UpdateOne({"_id": name}, update, upsert=True)
