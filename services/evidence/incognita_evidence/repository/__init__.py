"""The only place that knows collections and queries."""

from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.auth import API_KEYS
from incognita_shared.mongo.client import ensure_collections
from incognita_shared.mongo.pending import create_pending_index

REPORTS = "reports"
MEDIA = "media"
VISITS = "visits"
QUESTIONNAIRES = "questionnaires"
ARRIVALS = "arrivals"
SWEEPS = "sweeps"
HIDDEN_OBJECTS = "hidden_objects"
PENDING = (REPORTS,)
"""Collections whose documents carry events."""

QUERY_MAX_MS = 5_000
FORGOTTEN_AFTER_S = 60 * 86_400
"""The note of a hidden object lasts: it is looked at once a day as long as there is an object."""


async def create_indexes(db: AsyncDatabase[dict[str, Any]]) -> None:
    """One index for each way in which a collection is read other than by ``_id``.

    The collections exist afterwards, so that no transaction is the first to touch one.
    """
    await ensure_collections(
        db, (REPORTS, MEDIA, VISITS, QUESTIONNAIRES, ARRIVALS, SWEEPS, HIDDEN_OBJECTS, API_KEYS)
    )
    reports = db[REPORTS]
    await create_pending_index(reports)
    for field in ("wave_id", "state", "flagged"):
        await reports.create_index(
            [("chain_id", ASCENDING), (field, ASCENDING), ("_id", ASCENDING)], name=f"by_{field}"
        )
    await reports.create_index([("chain_id", ASCENDING), ("_id", ASCENDING)], name="by_chain")
    await reports.create_index(
        [("next_removal_at", ASCENDING)],
        name="by_removal",
        partialFilterExpression={"next_removal_at": {"$type": "date"}},
    )
    await db[HIDDEN_OBJECTS].create_index(
        "hidden_at", name="forgotten", expireAfterSeconds=FORGOTTEN_AFTER_S
    )
    by_shopper = [("chain_id", ASCENDING), ("shopper_id", ASCENDING), ("state", ASCENDING)]
    await db[VISITS].create_index(by_shopper, name="by_shopper")
    await db[ARRIVALS].create_index(
        [("chain_id", ASCENDING), ("visit_id", ASCENDING)], name="by_visit"
    )
