"""Rescores of one chain and their rows, as requests see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from incognita_scoring.repository import SCORES
from incognita_scoring.repository.questionnaires import find_for_request
from incognita_scoring.repository.rescore_indexes import CHANGES, RESCORES
from incognita_scoring.rescoring.changes import Change
from incognita_scoring.rescoring.job import Rescore, RescoreState
from incognita_scoring.rules import ReviewState
from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.questionnaire.model import Questionnaire

STATES = [state.value for state in ReviewState]
MOST_WAVES = 500


def to_be_scored(
    chain_id: str,
    wave_id: str,
    *,
    version: int,
    engines: Sequence[str],
    from_version: int | None,
) -> Document:
    """The reports of a wave that another version or engine scored, none by a later version."""
    return {
        "chain_id": chain_id,
        "wave_id": wave_id,
        "state": {"$in": STATES},
        "questionnaire_version": {"$lte": version} if from_version is None else from_version,
        "$nor": [{"questionnaire_version": version, "engine_version": {"$in": list(engines)}}],
    }


class Rescores:
    """All that the use cases read and write, bound to one chain."""

    def __init__(self, db: Database, chain_id: str) -> None:
        self._db = db
        self._chain_id = chain_id
        self._rescores = ChainCollection(db[RESCORES], chain_id)
        self._changes = ChainCollection(db[CHANGES], chain_id)
        self._scores = ChainCollection(db[SCORES], chain_id)

    async def find_questionnaire_of(self, wave_id: str) -> str | None:
        """The questionnaire of a wave in which a report is scored."""
        found = await self._scores.find_one({"wave_id": wave_id}, {"questionnaire_id": 1})
        return None if found is None else found["questionnaire_id"]

    async def find_later_version(self, wave_id: str, version: int) -> int | None:
        """A version after ``version`` by which a report of the wave is scored already."""
        where = {"wave_id": wave_id, "questionnaire_version": {"$gt": version}}
        found = await self._scores.find_one(where, {"questionnaire_version": 1})
        return None if found is None else found["questionnaire_version"]

    async def list_waves_of(self, questionnaire_id: str) -> list[str]:
        """The waves with reports of the questionnaire, for a wave has one questionnaire."""
        waves = await self._scores.distinct("wave_id")
        return [
            wave for wave in sorted(waves)
            if await self.find_questionnaire_of(wave) == questionnaire_id
        ]  # fmt: skip

    async def find_definition(self, questionnaire_id: str, version: int) -> Questionnaire | None:
        """A published version, as far as it has come."""
        return await find_for_request(self._db, self._chain_id, questionnaire_id, version)

    async def count_to_be_scored(
        self,
        waves: Sequence[str],
        *,
        version: int,
        engines: Sequence[str],
        from_version: int | None,
    ) -> int:
        """How many reports a pass over the waves would find now."""
        return sum(
            [
                await self._scores.count(
                    to_be_scored(
                        self._chain_id,
                        wave,
                        version=version,
                        engines=engines,
                        from_version=from_version,
                    )
                )
                for wave in waves
            ]
        )

    async def insert(self, rescore: Rescore, body_sha256: str) -> bool:
        """Keep a new job; False if its id or one of its waves is taken."""
        try:
            await self._rescores.insert_one({**rescore.document(), "body_sha256": body_sha256})
        except DuplicateKeyError:
            return False
        return True

    async def find(self, rescore_id: str) -> Document | None:
        """The job's document."""
        return await self._rescores.find_one({"_id": rescore_id})

    async def find_open(self, waves: Sequence[str]) -> Rescore | None:
        """An open job of one of the waves."""
        found = await self._rescores.find_one({"waves": {"$in": list(waves)}, "open": True})
        return None if found is None else Rescore.of(found)

    async def list_rescores(self, *, before: str | None, limit: int) -> list[Document]:
        """Up to ``limit`` documents in order of id, the last one first."""
        where = {"_id": {"$lt": before}} if before else {}
        return await self._rescores.find(where, sort=[("_id", DESCENDING)], limit=limit)

    async def begin_applying(
        self, rescore_id: str, *, total: int, key_id: str, at: datetime
    ) -> Document | None:
        """From here on the worker applies it; None if it is not previewed."""
        change = {
            "state": RescoreState.APPLYING.value, "applied_by": key_id, "begun_at": at,
            "total": total, "done": 0, "wave": 0, "after": None, "found": 0, "passes": 0,
            "due_at": at,
        }  # fmt: skip
        return await self._move(rescore_id, (RescoreState.PREVIEWED,), {"$set": change})

    async def cancel(self, rescore_id: str, at: datetime) -> Document | None:
        """Give it up; None if it is being applied or over. Its worker finds its claim gone."""
        change = {"state": RescoreState.CANCELLED.value, "open": False, "finished_at": at}
        update = {"$set": change, "$unset": {"due_at": ""}, "$inc": {"epoch": 1}}
        before = (RescoreState.PREVIEWING, RescoreState.PREVIEWED)
        return await self._move(rescore_id, before, update)

    async def list_changes(
        self, rescore_id: str, where: Mapping[str, Any], *, sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:  # fmt: skip
        """Up to ``limit`` rows."""
        return await self._changes.find({**where, "rescore_id": rescore_id}, sort=sort, limit=limit)

    async def _move(
        self, rescore_id: str, states: Sequence[RescoreState], update: Mapping[str, Any]
    ) -> Document | None:
        where = {"_id": rescore_id, "state": {"$in": [state.value for state in states]}}
        return await self._rescores.find_one_and_update(where, update)


def change_document(change: Change, chain_id: str) -> Document:
    """The row with what it is sorted and filtered by."""
    return {
        **change.model_dump(mode="json"),
        "_id": f"{change.rescore_id}:{change.visit_id}",
        "chain_id": chain_id,
        "units": change.units,
        "changed": change.changed,
    }


def read_change(document: Mapping[str, Any]) -> Change:
    """The row in a document."""
    return Change.model_validate(
        {name: document[name] for name in Change.model_fields if name in document}
    )
