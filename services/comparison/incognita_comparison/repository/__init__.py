"""The only place that knows collections and their indexes.

``branches``, ``waves``, ``questionnaires``: the catalog as far as it is needed here.
``results``: one document a visit, with every score revision and which of them counts.
``branch_waves``: exact sums of what counts, one document a branch and wave.
"""

from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.mongo.client import ensure_collections

COLLECTIONS = ("branches", "waves", "questionnaires", "results", "branch_waves")
SUMS = ("branch_id", "n", "sum", "squares")
"""What standings read of ``branch_waves``: all of it is in the index, so no document is touched."""


async def create_indexes(db: AsyncDatabase[dict[str, Any]]) -> None:
    """Collections, before any transaction, and an index for every query."""
    await ensure_collections(db, COLLECTIONS)
    await db["branches"].create_index(
        [("chain_id", ASCENDING), ("version", ASCENDING)], name="changes"
    )
    newest_first = [("starts_at", DESCENDING), ("_id", DESCENDING)]
    await db["waves"].create_index(
        [("chain_id", ASCENDING), ("programme_id", ASCENDING), *newest_first],
        name="programme_newest_first",
    )
    await db["waves"].create_index([("chain_id", ASCENDING), *newest_first], name="newest_first")
    await db["results"].create_index(
        [("chain_id", ASCENDING), ("wave_id", ASCENDING), ("counted", ASCENDING)], name="counts"
    )
    await db["branch_waves"].create_index(
        [(name, ASCENDING) for name in ("chain_id", "wave_id", "changes", *SUMS)], name="standings"
    )
    await db["branch_waves"].create_index(
        [("chain_id", ASCENDING), ("branch_id", ASCENDING)], name="branch"
    )
