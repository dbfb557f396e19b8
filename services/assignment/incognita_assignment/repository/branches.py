"""The collection ``branches``: one document a branch, keyed by chain and store id."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from incognita_assignment.schemas.branches import BranchFilter
from incognita_shared.events.assignment import BranchChanged
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events, with_events
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.values import Attributes, Ownership, Position

Document = dict[str, Any]

COLLECTION = "branches"
PAGE = 1_000
_DUPLICATE_KEY = 11_000

INDEXES = (
    IndexModel([("chain_id", ASCENDING), ("_id", ASCENDING)]),
    *(
        IndexModel([("chain_id", ASCENDING), (field, ASCENDING), ("_id", ASCENDING)])
        for field in ("city", "region", "franchisee_id", "ownership", "closed")
    ),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """What planning needs of a branch: to match shoppers, and to tell a shopper where to go.

    ``opening_hours`` is JSON data as the branch's document keeps it.
    """

    branch_id: str
    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    opening_hours: Any
    position: Position | None
    geofence_m: int
    time_zone: str
    franchisee_id: str | None
    ownership: Ownership
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of the branch at ``version``: new values, the next version among them."""

    branch_id: str
    version: int
    fields: Document
    event: BranchChanged

    def write(self) -> UpdateOne:
        """The update; it matches nothing once the branch has moved on."""
        update = append_events({"$set": self.fields}, self.event)
        return UpdateOne({"_id": self.branch_id, "version": self.version}, update)


def with_event(document: Document, event: BranchChanged) -> Document:
    """A new branch's document with the event that tells of it."""
    return with_events(document, event)


def _branches(db: Database, chain_id: str) -> ChainCollection:
    return ChainCollection(db[COLLECTION], chain_id)


async def insert_branch(db: Database, chain_id: str, document: Document) -> bool:
    """False if the store is there already."""
    try:
        await _branches(db, chain_id).insert_one(document)
    except DuplicateKeyError:
        return False
    return True


async def find_branch(db: Database, chain_id: str, branch_id: str) -> Document | None:
    """The branch, without its pending events."""
    return await _branches(db, chain_id).find_one({"_id": branch_id}, WITHOUT_PENDING)


async def find_branches(
    db: Database, chain_id: str, branch_ids: Sequence[str]
) -> dict[str, Document]:
    """Those that exist, by id."""
    found = await _branches(db, chain_id).find({"_id": {"$in": list(branch_ids)}}, WITHOUT_PENDING)
    return {document["_id"]: document for document in found}


async def list_branches(
    db: Database, chain_id: str, criteria: Mapping[str, Any], *, after: str | None, limit: int
) -> list[Document]:
    """By id, from behind ``after``; ``criteria`` as in a query of MongoDB."""
    bounds = [criteria, {"_id": {"$gt": after}}] if after else [criteria]
    return await _branches(db, chain_id).find(
        {"$and": bounds}, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit
    )


async def revise_branch(db: Database, chain_id: str, revision: Revision) -> bool:
    """False if the branch has moved on since it was read."""
    return await write_branches(db, chain_id, [], [revision])


async def write_branches(
    db: Database, chain_id: str, new: Iterable[Document], revisions: Iterable[Revision]
) -> bool:
    """Write all that still can be; False if another writer was faster with one of them."""
    inserts = [InsertOne(document) for document in new]
    updates = [revision.write() for revision in revisions]
    if not inserts and not updates:
        return True
    try:
        result = await _branches(db, chain_id).bulk_write([*inserts, *updates], ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != _DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise
        return False
    return result.matched_count == len(updates)


async def open_store_ids(db: Database, chain_id: str) -> AsyncIterator[dict[str, str]]:
    """Store id → branch id of the branches that are not closed, page by page."""
    async for page in _pages(db, chain_id, {"closed": False}, {"store_id": 1}):
        yield {document["store_id"]: document["_id"] for document in page}


async def open_branches(
    db: Database, chain_id: str, branch_filter: BranchFilter
) -> AsyncIterator[Branch]:
    """The chain's branches that are not closed and pass the filter, by id."""
    async for page in _pages(db, chain_id, {"closed": False, **_criteria(branch_filter)}):
        for document in page:
            yield _branch(document)


def _branch(document: Document) -> Branch:
    position = document["position"]
    return Branch(
        branch_id=document["_id"],
        name=document["name"] or document["address"],
        address=document["address"],
        city=document["city"],
        region=document["region"],
        country=document["country"],
        postal_code=document["postal_code"],
        opening_hours=document["opening_hours"],
        position=Position.model_validate(position) if position else None,
        geofence_m=document["geofence_m"],
        time_zone=document["time_zone"],
        franchisee_id=document["franchisee_id"],
        ownership=Ownership(document["ownership"]),
        attributes=document.get("attributes", {}),
    )


def _criteria(branch_filter: BranchFilter) -> Document:
    fields = {
        "_id": branch_filter.branch_ids,
        "store_id": branch_filter.store_ids,
        "city": branch_filter.cities,
        "region": branch_filter.regions,
        "franchisee_id": branch_filter.franchisee_ids,
        "ownership": [str(each) for each in branch_filter.ownership],
    }
    return {field: {"$in": list(values)} for field, values in fields.items() if values}


async def _pages(
    db: Database, chain_id: str, where: Document, fields: Document | None = None
) -> AsyncIterator[list[Document]]:
    """Pages by id: no cursor stays open on the server while the caller works."""
    after: str | None = None
    while True:
        bounds = [where, {"_id": {"$gt": after}}] if after else [where]
        page = await _branches(db, chain_id).find(
            {"$and": bounds}, fields or WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=PAGE
        )
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1]["_id"]
