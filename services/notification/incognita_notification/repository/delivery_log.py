"""Deliveries as requests see them: those of one chain, and of one audience of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING

from incognita_notification.audiences import Audience
from incognita_notification.deliveries import State, made_due
from incognita_notification.repository import DELIVERIES
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING
from incognita_shared.mongo.tenant import ChainCollection

Document = dict[str, Any]
REPLAY_CHUNK = 1_000
_FINISHED = [State.SUCCEEDED.value, State.FAILED.value, State.CANCELLED.value]
_HIDDEN = {**WITHOUT_PENDING, "trace": 0}


class DeliveryLog:
    """The deliveries that one caller may see and replay."""

    def __init__(self, db: Database, chain_id: str, audience: Audience) -> None:
        self._collection = ChainCollection(db[DELIVERIES], chain_id)
        self._visible = {"audience": audience.value} if audience is Audience.CHAIN else {}

    async def add(self, key: str, document: Mapping[str, Any]) -> Document:
        """Put a new delivery on the queue."""
        await self._collection.insert_one({"_id": key, **document})
        return {"_id": key, **document}

    async def find(self, delivery_id: str) -> Document | None:
        """The delivery with its message, or None."""
        return await self._collection.find_one({"_id": delivery_id, **self._visible}, _HIDDEN)

    async def list(
        self, where: Mapping[str, str], limit: int, before: tuple[datetime, str] | None
    ) -> list[Document]:
        """Up to ``limit`` deliveries without their messages, the newest first.

        ``where``: any of subscription_id, state, event_type.
        """
        earlier: Document = {}
        if before is not None:
            moment, key = before
            earlier = {
                "created_at": {"$lte": moment},
                "$or": [{"created_at": {"$lt": moment}}, {"_id": {"$lt": key}}],
            }
        return await self._collection.find(
            {**where, **earlier, **self._visible},
            {**_HIDDEN, "body": 0},
            sort=[("created_at", DESCENDING), ("_id", DESCENDING)],
            limit=limit,
        )

    async def counts(self, where: Mapping[str, str]) -> dict[str, int]:
        """How many there are in each state."""
        rows = await self._collection.aggregate(
            [
                {"$match": {**where, **self._visible}},
                {"$group": {"_id": "$state", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: row["count"] for row in rows}

    async def replay(self, delivery_id: str, moment: datetime) -> Document | None:
        """Make it due now, unless an attempt is under way; the delivery, or None."""
        idle = {"$or": [{"state": {"$in": _FINISHED}}, {"lease": None}]}
        return await self._collection.find_one_and_update(
            {"_id": delivery_id, **self._visible, **idle}, made_due(moment), _HIDDEN
        )

    async def count_finished(
        self, subscription_id: str, span: tuple[datetime, datetime], moment: datetime, most: int
    ) -> int:
        """How many made in ``span`` had ended by ``moment``; counting stops behind ``most``."""
        rows = await self._collection.aggregate(
            [
                {"$match": self._finished(subscription_id, span, moment)},
                {"$limit": most + 1},
                {"$count": "found"},
            ]
        )
        return int(rows[0]["found"]) if rows else 0

    async def replay_all(
        self, subscription_id: str, span: tuple[datetime, datetime], moment: datetime
    ) -> int:
        """Make them all due now, in steps; how many. Asked again, it goes on where it broke off.

        What ends after ``moment`` is left alone: it may be what this very replay has sent.
        """
        scheduled = 0
        while True:
            found = await self._collection.find(
                self._finished(subscription_id, span, moment),
                {"created_at": 1},
                sort=[("created_at", ASCENDING), ("_id", ASCENDING)],
                limit=REPLAY_CHUNK,
            )
            if not found:
                return scheduled
            result = await self._collection.update_many(
                {"_id": {"$in": [each["_id"] for each in found]}, "done_at": {"$lt": moment}},
                made_due(moment),
            )
            scheduled += result.modified_count
            span = (found[-1]["created_at"], span[1])

    def _finished(
        self, subscription_id: str, span: tuple[datetime, datetime], moment: datetime
    ) -> Document:
        return {
            "subscription_id": subscription_id,
            "created_at": {"$gte": span[0], "$lt": span[1]},
            "done_at": {"$lt": moment},
            "test": False,
            **self._visible,
        }
