"""Scores, revisions and reviews of one chain, as a request may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING

from incognita_scoring.errors import ScoreNotFound
from incognita_scoring.repository import BRANCHES, REVISIONS, SCORES
from incognita_scoring.repository.documents import read_revision, read_score
from incognita_scoring.repository.questionnaires import find_for_request
from incognita_scoring.rules import ReviewState
from incognita_scoring.score import Revision, Score, Scored
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.questionnaire.model import Questionnaire

MOST_REVISIONS = 1_000


class Scores:
    """All that the use cases read and write, bound to one chain."""

    def __init__(self, db: Database, chain_id: str) -> None:
        self._db = db
        self._chain_id = chain_id
        self._scores = ChainCollection(db[SCORES], chain_id)
        self._revisions = ChainCollection(db[REVISIONS], chain_id)
        self._branches = ChainCollection(db[BRANCHES], chain_id)

    async def get_score(self, visit_id: str, within: Mapping[str, Any] | None = None) -> Score:
        """The visit's score, if it matches ``within`` too. Raises ScoreNotFound."""
        document = await self._scores.find_one({**(within or {}), "_id": visit_id}, WITHOUT_PENDING)
        if document is None:
            raise ScoreNotFound(visit_id)
        return read_score(document)

    async def list_scores(
        self, where: Mapping[str, Any], *, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` documents in order of visit id."""
        beyond = {"_id": {"$gt": after}} if after else {}
        return await self._scores.find(
            {**where, **beyond}, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit
        )

    async def get_revision(self, score: Score) -> Revision:
        """The newest revision, which has the points."""
        document = await self._revisions.find_one({"_id": score.revision_id})
        if document is None:
            raise ScoreNotFound(score.visit_id)
        return read_revision(document)

    async def list_revisions(self, visit_id: str) -> list[Revision]:
        """All revisions of the visit's score, the first one first."""
        documents = await self._revisions.find(
            {"visit_id": visit_id}, sort=[("score_revision", ASCENDING)], limit=MOST_REVISIONS
        )
        return [read_revision(document) for document in documents]

    async def count_by_state(self, wave_id: str) -> dict[ReviewState, int]:
        """How many of a wave's scored reports are in each state."""
        groups = await self._scores.aggregate(
            [
                {"$match": {"wave_id": wave_id}},
                {"$group": {"_id": "$state", "reports": {"$sum": 1}}},
            ]
        )
        return {ReviewState(group["_id"]): group["reports"] for group in groups}

    async def list_branches_of(self, franchisee_id: str) -> Sequence[str]:
        """The ids of a franchisee's branches."""
        documents = await self._branches.find({"franchisee_id": franchisee_id}, {"_id": 1})
        return [document["_id"] for document in documents]

    async def find_questionnaire(self, scored: Scored) -> Questionnaire | None:
        """The questionnaire version that the score was made with."""
        return await find_for_request(
            self._db, self._chain_id, scored.questionnaire_id, scored.questionnaire_version
        )
