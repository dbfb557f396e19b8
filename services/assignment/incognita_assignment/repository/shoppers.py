"""The collection ``shoppers``: the only place with personal data of shoppers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.values import Position

Document = dict[str, Any]

COLLECTION = "shoppers"
INDEXES = (
    IndexModel([("chain_id", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("chain_id", ASCENDING), ("active", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("chain_id", ASCENDING), ("email_key", ASCENDING)], unique=True),
)
_FOR_MATCHING = {"home": 1, "skills": 1, "languages": 1, "capacity": 1, "active": 1}


@dataclass(frozen=True, slots=True)
class Shopper:
    """What the matching of visits needs of a shopper; no name, no address."""

    shopper_id: str
    home: Position | None
    skills: frozenset[str]
    languages: frozenset[str]
    capacity: int
    active: bool


def _shoppers(db: Database, chain_id: str) -> ChainCollection:
    return ChainCollection(db[COLLECTION], chain_id)


async def list_shoppers(db: Database, chain_id: str) -> list[Shopper]:
    """Every shopper of the chain, the inactive too, by id."""
    found = await _shoppers(db, chain_id).find({}, _FOR_MATCHING, sort=[("_id", ASCENDING)])
    return [
        Shopper(
            shopper_id=document["_id"],
            home=Position.model_validate(document["home"]) if document["home"] else None,
            skills=frozenset(document["skills"]),
            languages=frozenset(document["languages"]),
            capacity=document["capacity"],
            active=document["active"],
        )
        for document in found
    ]


async def insert_shoppers(
    db: Database,
    chain_id: str,
    documents: Sequence[Document],
    *,
    session: AsyncClientSession | None = None,
) -> None:
    """Insert all; raises ``DuplicateKeyError`` or ``BulkWriteError`` for a known id or e-mail."""
    await _shoppers(db, chain_id).insert_many(documents, session=session)


async def find_shopper(db: Database, chain_id: str, shopper_id: str) -> Document | None:
    """The shopper, with personal data."""
    return await _shoppers(db, chain_id).find_one({"_id": shopper_id})


async def find_by_emails(db: Database, chain_id: str, email_keys: Sequence[str]) -> dict[str, str]:
    """E-mail (case folded) → shopper id, of those that are taken."""
    found = await _shoppers(db, chain_id).find(
        {"email_key": {"$in": list(email_keys)}}, {"email_key": 1}
    )
    return {document["email_key"]: document["_id"] for document in found}


async def page_of_shoppers(
    db: Database, chain_id: str, *, active: bool | None, after: str | None, limit: int
) -> list[Document]:
    """By id, from behind ``after``."""
    where: Document = {} if active is None else {"active": active}
    if after:
        where["_id"] = {"$gt": after}
    return await _shoppers(db, chain_id).find(where, sort=[("_id", ASCENDING)], limit=limit)


async def update_shopper(
    db: Database, chain_id: str, shopper_id: str, fields: Mapping[str, Any]
) -> Document | None:
    """The shopper after the change; None if the chain has no such shopper."""
    return await _shoppers(db, chain_id).find_one_and_update(
        {"_id": shopper_id}, {"$set": dict(fields)}
    )
