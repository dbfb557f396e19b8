"""The only place that knows collections and queries."""

from pymongo import ASCENDING, IndexModel

from incognita_shared.auth import API_KEYS
from incognita_shared.mongo.client import Database, ensure_collections
from incognita_shared.mongo.pending import create_pending_index

SCORES = "scores"
REVISIONS = "score_revisions"
QUESTIONNAIRES = "questionnaires"
BRANCHES = "branches"
CALLED_OFF = "cancelled_visits"
PENDING = (SCORES,)
"""Collections whose documents carry events."""


async def create_indexes(db: Database) -> None:
    """One index for each way in which a collection is read other than by ``_id``.

    The collections exist afterwards, so that no transaction is the first to touch one.
    """
    await ensure_collections(
        db, (SCORES, REVISIONS, QUESTIONNAIRES, BRANCHES, CALLED_OFF, API_KEYS)
    )
    await create_pending_index(db[SCORES])
    await db[SCORES].create_indexes(
        [
            _by("wave", "wave_id", "state", "_id"),
            _by("branch", "branch_id", "state", "_id"),
            _by("age", "state", "opened_at", "_id"),
            _by("chain", "_id"),
        ]
    )
    await db[REVISIONS].create_indexes([_by("visit", "visit_id", "score_revision")])
    await db[BRANCHES].create_indexes([_by("franchisee", "franchisee_id")])


def _by(name: str, *fields: str) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in ("chain_id", *fields)], name=f"by_{name}")
