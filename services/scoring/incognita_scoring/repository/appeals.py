"""Appeals of one chain: each is written together with its visit's score, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opentelemetry.trace import use_span
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from incognita_scoring.appeals.appeal import Appeal, AppealState, Verdict
from incognita_scoring.errors import AppealNotFound
from incognita_scoring.repository import APPEALS
from incognita_scoring.repository.documents import revision_document
from incognita_scoring.repository.reviews import Reviews, changes
from incognita_scoring.rules import ReviewState
from incognita_scoring.score import Revision, Score
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import append_events
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.telemetry import tracer, visit_context

MOST_OF_A_VISIT = 1_000
ORDER = [("decide_by", ASCENDING), ("_id", ASCENDING)]


class Appeals(Reviews):
    """Scores, reviews, and what branches say against them."""

    def __init__(self, db: Database, chain_id: str) -> None:
        super().__init__(db, chain_id)
        self._appeals = ChainCollection(db[APPEALS], chain_id)

    async def get_appeal(self, name: str) -> Appeal:
        """The appeal. Raises AppealNotFound."""
        document = await self._appeals.find_one({"_id": name})
        if document is None:
            raise AppealNotFound(name)
        return read_appeal(document)

    async def list_appeals_of(self, visit_id: str) -> list[Appeal]:
        """All appeals of the visit."""
        found = await self._appeals.find(
            {"visit_id": visit_id}, sort=[("_id", ASCENDING)], limit=MOST_OF_A_VISIT
        )
        return [read_appeal(document) for document in found]

    async def list_appeals(
        self, where: Mapping[str, Any], *, after: tuple[datetime, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` documents, those first that should be decided first."""
        beyond: dict[str, Any] = {}
        if after is not None:
            decide_by, name = after
            later = {"decide_by": decide_by, "_id": {"$gt": name}}
            beyond = {"$or": [{"decide_by": {"$gt": decide_by}}, later]}
        return await self._appeals.find({**where, **beyond}, sort=ORDER, limit=limit)

    async def visible_among(
        self, visit_ids: Sequence[str], within: Mapping[str, Any]
    ) -> frozenset[str]:
        """Those of the visits whose scores match ``within``."""
        if not within:
            return frozenset(visit_ids)
        where = {**within, "_id": {"$in": list(visit_ids)}}
        return frozenset(each["_id"] for each in await self._scores.find(where, {"_id": 1}))

    async def save_opened(
        self, before: Score, after: Score, new: Appeal, event: VisitEvent
    ) -> bool:
        """Keep the new appeal; False if the score has changed or the appeal is there already."""
        update = append_events(changes(before, after), event)

        async def write(session: AsyncClientSession) -> bool:
            if not await self._replace(before, update, session):
                return False
            await self._appeals.insert_one(appeal_document(new), session=session)
            return True

        try:
            return await self._together(write)
        except DuplicateKeyError:
            return False

    async def save_decided(
        self, before: Score, after: Score, decided: Appeal, made: Revision | None,
        *events: VisitEvent,
    ) -> bool:  # fmt: skip
        """Write the word, the score and its new revision; False if the score has changed."""
        document = appeal_document(decided)
        word = {name: document[name] for name in ("state", "verdict", "decided_at", "decided_seq")}

        async def write(session: AsyncClientSession) -> bool:
            if not await self._replace(before, update, session):
                return False
            if made is not None:
                await self._revisions.insert_one(revision_document(made), session=session)
            where = {"_id": decided.appeal_id}
            await self._appeals.update_one(where, {"$set": word}, session=session)
            return True

        # an appeal's address does not name its visit, whose trace its events belong to
        span = tracer().start_span("appeal decided", context=visit_context(decided.visit_id))
        with use_span(span, end_on_exit=True):
            update = append_events(changes(before, after), *events)
            return await self._together(write)

    async def count_appeals(
        self, field: str, where: Mapping[str, Any], *, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Appeals by the values of ``field``, in their order: open, upheld and declined ones."""
        by_state = {
            state.value: {"$sum": {"$cond": [{"$eq": ["$state", state.value]}, 1, 0]}}
            for state in AppealState
        }
        beyond = {field: {"$gt": after}} if after else {}
        return await self._appeals.aggregate(
            [
                {"$match": {"$and": [dict(where), beyond]}},
                {"$group": {"_id": f"${field}", "opened": {"$sum": 1}, **by_state}},
                {"$sort": {"_id": ASCENDING}},
                {"$limit": limit},
            ]
        )

    async def count_approved(
        self, field: str, values: Sequence[str], where: Mapping[str, Any]
    ) -> dict[str, int]:
        """Value of ``field`` → how many reports of it count."""
        found = await self._scores.aggregate(
            [
                {
                    "$match": {
                        **where,
                        field: {"$in": list(values)},
                        "state": ReviewState.APPROVED.value,
                    }
                },
                {"$group": {"_id": f"${field}", "reports": {"$sum": 1}}},
            ]
        )
        return {each["_id"]: each["reports"] for each in found}


def appeal_document(appeal: Appeal) -> dict[str, Any]:
    """The document. The verdict is JSON text: the answer in it may hold any names."""
    verdict = appeal.verdict
    return {
        **appeal.model_dump(exclude={"appeal_id", "verdict", "state", "attachments"}),
        "_id": appeal.appeal_id,
        "state": appeal.state.value,
        "attachments": [each.model_dump() for each in appeal.attachments],
        "verdict": None if verdict is None else verdict.model_dump_json(),
        "decided_at": None if verdict is None else verdict.decided_at,
        "decided_seq": None if verdict is None else verdict.seq,
    }


def read_appeal(document: Mapping[str, Any]) -> Appeal:
    """The appeal in a document."""
    aside = ("_id", "verdict", "decided_at", "decided_seq")
    fields = {name: value for name, value in document.items() if name not in aside}
    verdict = document["verdict"]
    fields["verdict"] = (
        None if verdict is None else Verdict.model_validate_json(verdict, extra="ignore")
    )
    return Appeal.model_validate({**fields, "appeal_id": document["_id"]}, extra="ignore")
