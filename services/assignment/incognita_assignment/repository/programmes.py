"""The collection ``programmes``: standing orders that waves belong to."""

from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection

Document = dict[str, Any]

COLLECTION = "programmes"
INDEXES = (IndexModel([("chain_id", ASCENDING), ("_id", ASCENDING)]),)


def _programmes(db: Database, chain_id: str) -> ChainCollection:
    return ChainCollection(db[COLLECTION], chain_id)


async def insert_programme(db: Database, chain_id: str, document: Document) -> Document:
    """The programme as stored: an earlier one with the same id is left as it is."""
    try:
        await _programmes(db, chain_id).insert_one(document)
    except DuplicateKeyError:
        return await find_programme(db, chain_id, document["_id"]) or document
    return document


async def find_programme(db: Database, chain_id: str, programme_id: str) -> Document | None:
    """``{_id, chain_id, name, purpose, created_at}``, or None."""
    return await _programmes(db, chain_id).find_one({"_id": programme_id})


async def list_programmes(
    db: Database, chain_id: str, *, after: str | None, limit: int
) -> list[Document]:
    """By id, from behind ``after``."""
    where = {"_id": {"$gt": after}} if after else {}
    return await _programmes(db, chain_id).find(where, sort=[("_id", ASCENDING)], limit=limit)
