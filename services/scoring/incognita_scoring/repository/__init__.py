"""The only place that knows collections and queries."""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from incognita_scoring.repository.rescore_indexes import (
    RESCORE_COLLECTIONS,
    create_rescore_indexes,
)
from incognita_shared.auth import API_KEYS
from incognita_shared.mongo.client import Database, ensure_collections
from incognita_shared.mongo.pending import create_pending_index

SCORES = "scores"
REVISIONS = "score_revisions"
QUESTIONNAIRES = "questionnaires"
BRANCHES = "branches"
CALLED_OFF = "cancelled_visits"
WAVES = "waves"
REVIEW_RULES = "review_rules"
APPEALS = "appeals"
REVIEWED = {"reviewed": True}
"""Scores about which a person has decided: few, so that their index is small."""
PENDING = (SCORES,)
"""Collections whose documents carry events."""


async def create_indexes(db: Database) -> None:
    """One index for each way in which a collection is read other than by ``_id``.

    The collections exist afterwards, so that no transaction is the first to touch one.
    """
    await ensure_collections(
        db,
        (SCORES, REVISIONS, QUESTIONNAIRES, BRANCHES, CALLED_OFF, WAVES, REVIEW_RULES, APPEALS,
         API_KEYS, *RESCORE_COLLECTIONS),
    )  # fmt: skip
    await create_pending_index(db[SCORES])
    await db[SCORES].create_indexes(
        [
            _by("wave", "wave_id", "state", "_id"),
            _by("branch", "branch_id", "state", "_id"),
            _by("urgency", "state", "decide_by", "opened_at", "_id"),
            _by("shopper", "shopper_id", "visited_at"),
            _by("reviewer", "decisions.decided_at", "decisions.key_id", only=REVIEWED),
            _by("chain", "_id"),
        ]
    )
    await db[REVISIONS].create_indexes([_by("visit", "visit_id", "score_revision")])
    await db[BRANCHES].create_indexes([_by("franchisee", "franchisee_id")])
    await db[REVIEW_RULES].create_indexes([_by("scope", "scope")])
    await db[APPEALS].create_indexes(
        [
            _by("visit", "visit_id", "_id"),
            _by("state", "state", "decide_by", "_id"),
            _by("branch", "branch_id", "state", "decide_by", "_id"),
            _by("time", "opened_at"),
        ]
    )
    await create_rescore_indexes(db)


def _by(name: str, *fields: str, only: Mapping[str, Any] | None = None) -> IndexModel:
    keys = [(field, ASCENDING) for field in ("chain_id", *fields)]
    partial = {} if only is None else {"partialFilterExpression": only}
    return IndexModel(keys, name=f"by_{name}", **partial)
