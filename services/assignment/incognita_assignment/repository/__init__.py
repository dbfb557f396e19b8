"""All that knows collections, by noun."""

from incognita_assignment.repository import (
    branches,
    chains,
    keys,
    payouts,
    programmes,
    questionnaires,
    shoppers,
    visits,
    waves,
)
from incognita_shared.mongo.client import Database, ensure_collections
from incognita_shared.mongo.pending import create_pending_index

_CATALOG = (chains, keys, branches, questionnaires, programmes, shoppers)
_CATALOG_WITH_EVENTS = (chains, keys, branches, questionnaires)

PENDING = (*(noun.COLLECTION for noun in _CATALOG_WITH_EVENTS), waves.WAVES, visits.VISITS)
"""Collections whose documents carry events for the relay."""


async def create_indexes(db: Database) -> None:
    """Collections and their indexes; safe to repeat."""
    names = [noun.COLLECTION for noun in _CATALOG]
    await ensure_collections(db, [*names, waves.WAVES, visits.VISITS, payouts.PAYOUTS])
    for noun in _CATALOG:
        if noun.INDEXES:
            await db[noun.COLLECTION].create_indexes(list(noun.INDEXES))
    for noun in _CATALOG_WITH_EVENTS:
        await create_pending_index(db[noun.COLLECTION])
    await waves.create_indexes(db)
    await visits.create_indexes(db)
    await payouts.create_indexes(db)
