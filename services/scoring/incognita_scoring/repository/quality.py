"""What quality is read from: reports by shopper, and by the reviewers who decided about them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING

from incognita_scoring.quality import Period, ReviewedReport
from incognita_scoring.repository import SCORES
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection

_READ = dict.fromkeys((*ReviewedReport.model_fields, "decisions"), 1) | {"_id": 0}


class Quality:
    """Bound to one chain. ``wave_id`` None: of all waves."""

    def __init__(self, db: Database, chain_id: str) -> None:
        self._scores = ChainCollection(db[SCORES], chain_id)

    async def list_shoppers(
        self, period: Period, wave_id: str | None, *, after: str | None, limit: int
    ) -> list[str]:
        """Up to ``limit`` shoppers with scored visits in the period, in order of their ids."""
        where = _of_visits(period, wave_id)
        if after is not None:
            where["shopper_id"] = {"$gt": after}
        found = await self._scores.aggregate(
            [
                {"$match": where},
                {"$group": {"_id": "$shopper_id"}},
                {"$sort": {"_id": ASCENDING}},
                {"$limit": limit},
            ]
        )
        return [each["_id"] for each in found]

    async def reports_of_shoppers(
        self, shopper_ids: Sequence[str], period: Period, wave_id: str | None
    ) -> dict[str, list[ReviewedReport]]:
        """Shopper → their reports of the period."""
        where = {**_of_visits(period, wave_id), "shopper_id": {"$in": list(shopper_ids)}}
        reports: dict[str, list[ReviewedReport]] = {each: [] for each in shopper_ids}
        for document in await self._scores.find(where, _READ):
            report = ReviewedReport.model_validate(document, extra="ignore")
            reports[report.shopper_id].append(report)
        return reports

    async def list_reviewers(
        self, period: Period, wave_id: str | None, *, after: str | None, limit: int
    ) -> list[str]:
        """Up to ``limit`` keys that decided in the period, in order."""
        said = {"decided_at": {"$gte": period.since, "$lt": period.until}, "by": "reviewer"}
        own = {f"decisions.{name}": value for name, value in said.items()}
        found = await self._scores.aggregate(
            [
                {"$match": _of_words(said, wave_id)},
                {"$project": {"decisions.key_id": 1, "decisions.decided_at": 1, "decisions.by": 1}},
                {"$unwind": "$decisions"},
                {"$match": {**own, "decisions.key_id": {"$gt": after or ""}}},
                {"$group": {"_id": "$decisions.key_id"}},
                {"$sort": {"_id": ASCENDING}},
                {"$limit": limit},
            ]
        )
        return [each["_id"] for each in found]

    async def reports_of_reviewers(
        self, key_ids: Sequence[str], period: Period, wave_id: str | None
    ) -> list[ReviewedReport]:
        """The reports about which any of the keys decided in the period."""
        said = {
            "decided_at": {"$gte": period.since, "$lt": period.until},
            "key_id": {"$in": list(key_ids)},
        }
        found = await self._scores.find(_of_words(said, wave_id), _READ)
        return [ReviewedReport.model_validate(document, extra="ignore") for document in found]


def _of_visits(period: Period, wave_id: str | None) -> dict[str, Any]:
    where: dict[str, Any] = {"visited_at": {"$gte": period.since, "$lt": period.until}}
    return where if wave_id is None else {**where, "wave_id": wave_id}


def _of_words(said: Mapping[str, Any], wave_id: str | None) -> dict[str, Any]:
    where: dict[str, Any] = {"reviewed": True, "decisions": {"$elemMatch": dict(said)}}
    return where if wave_id is None else {**where, "wave_id": wave_id}
