"""The collection ``api_keys``, of which the other services keep a copy. Only hashes are in it."""

from collections.abc import Collection, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_shared.auth import API_KEYS, Role
from incognita_shared.events.assignment import ApiKeyChanged
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events, with_events
from incognita_shared.mongo.tenant import ChainCollection

Document = dict[str, Any]

COLLECTION = API_KEYS
INDEXES = (
    IndexModel([("chain_id", ASCENDING), ("role", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("chain_id", ASCENDING), ("shopper_id", ASCENDING), ("_id", ASCENDING)]),
)
_SHOWN = {**WITHOUT_PENDING, "secret_sha256": 0}


def _keys(db: Database, chain_id: str) -> ChainCollection:
    return ChainCollection(db[COLLECTION], chain_id)


async def insert_keys(
    db: Database,
    chain_id: str,
    made: Sequence[tuple[Document, ApiKeyChanged]],
    *,
    session: AsyncClientSession | None = None,
) -> None:
    """Insert new keys, each with the event that tells of it."""
    documents = [with_events(document, event) for document, event in made]
    await _keys(db, chain_id).insert_many(documents, session=session)


async def find_key(
    db: Database, chain_id: str, key_id: str, roles: Collection[Role]
) -> Document | None:
    """The key with its hash, if it has one of ``roles``."""
    where = {"_id": key_id, "role": {"$in": sorted(roles)}}
    return await _keys(db, chain_id).find_one(where)


async def list_keys(
    db: Database,
    chain_id: str,
    roles: Collection[Role],
    *,
    shopper_id: str | None = None,
    after: str | None,
    limit: int,
) -> list[Document]:
    """Keys of ``roles`` by id, from behind ``after``; of one shopper only, if one is named."""
    where: Document = {"role": {"$in": sorted(roles)}}
    if shopper_id is not None:
        where["shopper_id"] = shopper_id
    if after:
        where["_id"] = {"$gt": after}
    return await _keys(db, chain_id).find(where, _SHOWN, sort=[("_id", ASCENDING)], limit=limit)


async def revise_key(
    db: Database, chain_id: str, version: int, fields: Document, event: ApiKeyChanged
) -> bool:
    """False if the key is no longer at ``version``."""
    update = append_events({"$set": fields}, event)
    result = await _keys(db, chain_id).update_one({"_id": event.key_id, "version": version}, update)
    return result.matched_count == 1
