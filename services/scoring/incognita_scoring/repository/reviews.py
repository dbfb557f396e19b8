"""The reviewers' queue of one chain, its rules, and the writes by which a review moves on."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import pymongo
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_scoring.corrected import Corrected
from incognita_scoring.errors import QuestionnaireGone
from incognita_scoring.repository import REVIEW_RULES, WAVES
from incognita_scoring.repository.documents import (
    read_score,
    revision_document,
    score_document,
)
from incognita_scoring.repository.scores import Scores
from incognita_scoring.review_rules import NO_RULE, ReviewRule
from incognita_scoring.rules import OPEN
from incognita_scoring.score import Revision, Score
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.questionnaire.model import Questionnaire

QUEUE_ORDER = [("decide_by", ASCENDING), ("opened_at", ASCENDING), ("_id", ASCENDING)]
"""The most pressing first, of those the oldest."""
LONGEST_S = 8.0
Place = tuple[datetime | None, datetime, str]


class Reviews(Scores):
    """Scores, and what reviewers do with them."""

    def __init__(self, db: Database, chain_id: str) -> None:
        super().__init__(db, chain_id)
        self._rules = ChainCollection(db[REVIEW_RULES], chain_id)
        self._waves = ChainCollection(db[WAVES], chain_id)

    async def get_versions(self, revision: Revision) -> Corrected:
        """The questionnaire by which it was scored, and the one that was answered, if another.

        Raises QuestionnaireGone.
        """
        scored_by = await self.find_questionnaire(revision)
        asked: Questionnaire | None = None
        if revision.asked_version is not None:
            version = {"questionnaire_version": revision.asked_version}
            asked = await self.find_questionnaire(revision.model_copy(update=version))
        if scored_by is None or (asked is None and revision.asked_version is not None):
            raise QuestionnaireGone(revision)
        return Corrected(revision.questionnaire_version, scored_by, asked)

    async def list_reviews(
        self, where: Mapping[str, Any], *, after: Place | None, limit: int
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` documents in the queue's order, behind the place ``after``."""
        beyond = {} if after is None else {"$or": _beyond(*after)}
        return await self._scores.find(
            {**where, **beyond}, WITHOUT_PENDING, sort=QUEUE_ORDER, limit=limit
        )

    async def claim_next(
        self, key_id: str, *, wave_id: str | None, until: datetime, at: datetime
    ) -> Score | None:
        """Lock the first report of the queue that nobody holds at ``at``: one atomic write."""
        where: dict[str, Any] = {
            "state": {"$in": [state.value for state in OPEN]},
            "locked_until": {"$not": {"$gt": at}},
            "endorsed_by": {"$ne": key_id},
        }
        if wave_id is not None:
            where["wave_id"] = wave_id
        document = await self._scores.find_one_and_update(
            where,
            {"$set": {"locked_by": key_id, "locked_until": until}},
            WITHOUT_PENDING,
            sort=QUEUE_ORDER,
        )
        return None if document is None else read_score(document)

    async def save_review(self, before: Score, after: Score, *events: VisitEvent) -> bool:
        """Write what has changed, with its events; False if the score is no longer ``before``."""
        return await self._replace(before, append_events(changes(before, after), *events))

    async def save_revision(
        self, before: Score, after: Score, revision: Revision, *events: VisitEvent
    ) -> bool:
        """The same together with a new revision, both or neither."""
        update = append_events(changes(before, after), *events)

        async def write(session: AsyncClientSession) -> bool:
            if not await self._replace(before, update, session):
                return False
            await self._revisions.insert_one(revision_document(revision), session=session)
            return True

        return await self._together(write)

    async def find_wave_end(self, wave_id: str) -> datetime | None:
        """When the wave ends, as far as it is known here."""
        document = await self._waves.find_one({"_id": wave_id})
        return None if document is None else document["ends_at"]

    async def get_rule(self, programme_id: str) -> ReviewRule:
        """The programme's rule, else the chain's, else the one that asks for nothing."""
        names = [programme_id, self._chain_id]
        found = await self._rules.find({"_id": {"$in": [self._rule_id(name) for name in names]}})
        by_name = {each["scope"]: read_rule(each) for each in found}
        return next((by_name[name] for name in names if name in by_name), NO_RULE)

    async def save_rule(self, scope: str | None, rule: ReviewRule) -> None:
        """Keep the rule of a programme, or with None that of the chain."""
        name = scope or self._chain_id
        await self._rules.update_one(
            {"_id": self._rule_id(name)},
            {"$set": {"scope": name, "rule": rule.model_dump_json()}},
            upsert=True,
        )

    async def list_rules(self) -> dict[str | None, ReviewRule]:
        """Programme → its rule; None → the chain's."""
        return {
            None if each["scope"] == self._chain_id else each["scope"]:
                read_rule(each)
            for each in await self._rules.find({}, limit=1_000)
        }  # fmt: skip

    async def _together(self, write: Callable[[AsyncClientSession], Awaitable[bool]]) -> bool:
        """One transaction. It is given up after some seconds: a process that was killed in its own
        may hold a document until the server ends that transaction."""
        with pymongo.timeout(LONGEST_S):
            async with self._db.client.start_session() as session:
                return await session.with_transaction(write)

    async def _replace(
        self, before: Score, update: Mapping[str, Any], session: AsyncClientSession | None = None
    ) -> bool:
        """Every event raises ``seq``, every decision the number of decisions, every claim tells."""
        where = {
            "_id": before.visit_id,
            "seq": before.seq,
            "decisions": {"$size": len(before.decisions)},
            "locked_by": before.locked_by,
            "locked_until": before.locked_until,
        }
        result = await self._scores.update_one(where, update, session=session)
        return result.matched_count == 1

    def _rule_id(self, name: str) -> str:
        return f"{self._chain_id}:{name}"


def read_rule(document: Mapping[str, Any]) -> ReviewRule:
    """The rule in a document."""
    return ReviewRule.model_validate_json(document["rule"], extra="ignore")


def changes(before: Score, after: Score) -> dict[str, Any]:
    """What an update must set to make one of the other."""
    old, new = score_document(before), score_document(after)
    return {"$set": {name: value for name, value in new.items() if value != old[name]}}


def _beyond(decide_by: datetime | None, opened_at: datetime, visit_id: str) -> list[dict[str, Any]]:
    """Reports of before there was an order have no ``decide_by`` and come first."""
    same = {"decide_by": decide_by}
    later = {"$ne": None} if decide_by is None else {"$gt": decide_by}
    return [
        {"decide_by": later},
        {**same, "opened_at": {"$gt": opened_at}},
        {**same, "opened_at": opened_at, "_id": {"$gt": visit_id}},
    ]
