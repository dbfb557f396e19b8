"""Subscriptions as requests see them: those of one chain, and of one audience of it.

The agency sees all of its chain's subscriptions; the chain sees its own, for those of the agency
carry what the chain must not know, and could be redirected by a change.
"""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from incognita_notification.audiences import Audience
from incognita_notification.repository import SUBSCRIPTIONS
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection

Document = dict[str, Any]


class Subscriptions:
    """The subscriptions that one caller may see and change."""

    def __init__(self, db: Database, chain_id: str, audience: Audience) -> None:
        self._collection = ChainCollection(db[SUBSCRIPTIONS], chain_id)
        self._visible = {"audience": audience.value} if audience is Audience.CHAIN else {}

    async def count(self) -> int:
        """How many the chain has, whoever made them."""
        return await self._collection.count({})

    async def add(self, document: Mapping[str, Any]) -> bool:
        """Insert it. False if there is one with its id."""
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def find(self, subscription_id: str) -> Document | None:
        """The subscription, or None."""
        return await self._collection.find_one({"_id": subscription_id, **self._visible})

    async def list(self, limit: int, after: str | None) -> list[Document]:
        """Up to ``limit`` subscriptions in the order of their ids."""
        where = {**self._visible, **({"_id": {"$gt": after}} if after else {})}
        return await self._collection.find(where, sort=[("_id", ASCENDING)], limit=limit)

    async def change(
        self, subscription_id: str, values: Mapping[str, Any], where: Mapping[str, Any]
    ) -> Document | None:
        """Set ``values`` if ``where`` holds as well; the changed subscription, or None."""
        return await self._collection.find_one_and_update(
            {"_id": subscription_id, **self._visible, **where},
            {"$set": dict(values), "$inc": {"version": 1}},
        )

    async def delete(self, subscription_id: str) -> bool:
        """Remove it; senders then cancel what waits. False if there is none."""
        result = await self._collection.delete_one({"_id": subscription_id, **self._visible})
        return result.deleted_count == 1
