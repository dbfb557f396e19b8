"""Ratings of approved reports, counted by the store."""

from collections.abc import Mapping, Sequence
from typing import Any

from incognita_scoring.engine.ratings import Rating
from incognita_scoring.indicators import Counted
from incognita_scoring.repository import SCORES
from incognita_scoring.rules import ReviewState
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection

_RATING = tuple(Rating.model_fields)


class Ratings:
    """The ratings of one chain's approved reports."""

    def __init__(self, db: Database, chain_id: str) -> None:
        self._scores = ChainCollection(db[SCORES], chain_id)

    async def list_groups(
        self, where: Mapping[str, Any], by: str, *, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` groups in order of their value: ``_id`` and how many ``reports``."""
        beyond = [{"$match": {"_id": {"$gt": after}}}] if after is not None else []
        return await self._scores.aggregate(
            [
                {"$match": _approved(where)},
                {"$group": {"_id": f"${by}", "reports": {"$sum": 1}}},
                *beyond,
                {"$sort": {"_id": 1}},
                {"$limit": limit},
            ]
        )

    async def count_ratings(
        self, where: Mapping[str, Any], by: str, groups: Sequence[str], *, hidden: bool
    ) -> dict[str, list[Counted]]:
        """Group → each rating with how often it was given; ``hidden`` ones too if so."""
        seen = {} if hidden else {"ratings.hidden": False}
        rows = await self._scores.aggregate(
            [
                {"$match": {**_approved({"$and": [where, {by: {"$in": list(groups)}}]})}},
                {"$unwind": "$ratings"},
                {"$match": seen},
                {"$group": {
                    "_id": {"group": f"${by}", "rating": "$ratings"}, "count": {"$sum": 1},
                }},
            ]
        )  # fmt: skip
        counted: dict[str, list[Counted]] = {group: [] for group in groups}
        for row in rows:
            kept = row["_id"]["rating"]
            rating = Rating.model_validate({name: kept[name] for name in _RATING if name in kept})
            counted[row["_id"]["group"]].append(Counted(rating, row["count"]))
        return counted


def _approved(where: Mapping[str, Any]) -> dict[str, Any]:
    return {"$and": [where, {"state": ReviewState.APPROVED.value}]}
