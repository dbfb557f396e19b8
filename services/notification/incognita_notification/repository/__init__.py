"""The collections of this service, and every query on them."""

from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.mongo.client import ensure_collections
from incognita_shared.mongo.pending import create_pending_index

SUBSCRIPTIONS = "subscriptions"
DELIVERIES = "deliveries"
CHAINS = "chains"
BRANCHES = "branches"
PENDING = (DELIVERIES,)
"""Whose documents carry events for the relay."""
RETENTION_S = 30 * 86_400
READ_MAX_MS = 5_000


async def create_indexes(db: AsyncDatabase[dict[str, Any]]) -> None:
    """Collections and indexes, before any transaction touches them.

    Finished deliveries are kept for thirty days, as long as the topics keep their events.
    """
    await ensure_collections(db, (SUBSCRIPTIONS, DELIVERIES, CHAINS, BRANCHES))
    await db[SUBSCRIPTIONS].create_index(
        [("chain_id", ASCENDING), ("active", ASCENDING)], name="chain"
    )
    deliveries = db[DELIVERIES]
    await deliveries.create_index(
        [("subscription_id", ASCENDING), ("next_attempt_at", ASCENDING)],
        name="due",
        partialFilterExpression={"next_attempt_at": {"$exists": True}},
    )
    newest_first = [("created_at", DESCENDING), ("_id", DESCENDING)]
    await deliveries.create_index([("chain_id", ASCENDING), *newest_first], name="chain")
    await deliveries.create_index(
        [("chain_id", ASCENDING), ("state", ASCENDING), *newest_first], name="state"
    )
    await deliveries.create_index(
        [("subscription_id", ASCENDING), *newest_first], name="subscription"
    )
    await deliveries.create_index("done_at", name="retention", expireAfterSeconds=RETENTION_S)
    await create_pending_index(deliveries)
