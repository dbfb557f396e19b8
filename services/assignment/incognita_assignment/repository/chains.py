"""The collection ``chains``: the tenants. Only the operator sees more than one."""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from incognita_shared.events.assignment import ChainChanged
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import append_events, with_events, without_pending

Document = dict[str, Any]

COLLECTION = "chains"
INDEXES: tuple[IndexModel, ...] = ()
_MAX_MS = 5_000


async def insert_chain(db: Database, document: Document, event: ChainChanged) -> Document:
    """The chain as stored: an earlier one with the same id is left as it is."""
    try:
        await db[COLLECTION].insert_one(with_events(document, event))
    except DuplicateKeyError:
        return await find_chain(db, document["_id"]) or document
    return document


async def find_chain(db: Database, chain_id: str) -> Document | None:
    """The chain, without its pending events."""
    document = await db[COLLECTION].find_one({"_id": chain_id}, max_time_ms=_MAX_MS)
    return without_pending(document) if document else None


async def list_chains(db: Database, *, after: str | None, limit: int) -> list[Document]:
    """By id, from behind ``after``."""
    where = {"_id": {"$gt": after}} if after else {}
    cursor = db[COLLECTION].find(where, sort=[("_id", ASCENDING)], limit=limit, max_time_ms=_MAX_MS)
    return await cursor.to_list()


async def revise_chain(
    db: Database, chain_id: str, version: int, fields: Mapping[str, Any], event: ChainChanged
) -> Document | None:
    """The chain after the change; None if it is no longer at ``version``."""
    update = append_events({"$set": dict(fields)}, event)
    return await db[COLLECTION].find_one_and_update(
        {"_id": chain_id, "version": version},
        update,
        return_document=ReturnDocument.AFTER,
        maxTimeMS=_MAX_MS,
    )
