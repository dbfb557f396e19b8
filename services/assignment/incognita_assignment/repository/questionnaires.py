"""The collection ``questionnaires``: one document a version.

The definition is kept as JSON text: its conditions have keys and its answers numbers that MongoDB
would not take, and a published one must come back exactly as it was.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.questionnaire.model import Questionnaire

Document = dict[str, Any]

COLLECTION = "questionnaires"
INDEXES = (
    IndexModel([("chain_id", ASCENDING), ("_id", ASCENDING)]),
    IndexModel(
        [("chain_id", ASCENDING), ("questionnaire_id", ASCENDING), ("version", DESCENDING)],
        unique=True,
    ),
)
_SUMMARY = {**WITHOUT_PENDING, "definition": 0}


def _versions(db: Database, chain_id: str) -> ChainCollection:
    return ChainCollection(db[COLLECTION], chain_id)


def version_id(questionnaire_id: str, version: int) -> str:
    """``_id`` of a version; ten digits, so that versions sort as they follow each other."""
    return f"{questionnaire_id}:{version:010d}"


async def insert_version(db: Database, chain_id: str, document: Document) -> bool:
    """False if that version is there already."""
    try:
        await _versions(db, chain_id).insert_one(document)
    except DuplicateKeyError:
        return False
    return True


async def find_version(
    db: Database, chain_id: str, questionnaire_id: str, version: int
) -> Document | None:
    """One version, draft or published."""
    where = {"_id": version_id(questionnaire_id, version)}
    return await _versions(db, chain_id).find_one(where, WITHOUT_PENDING)


async def find_newest(db: Database, chain_id: str, questionnaire_id: str) -> Document | None:
    """The version with the highest number."""
    return await _versions(db, chain_id).find_one(
        {"questionnaire_id": questionnaire_id}, WITHOUT_PENDING, sort=[("version", DESCENDING)]
    )


async def find_published(
    db: Database, chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire | None:
    """The version, if it is published and not retired: what a new wave may use."""
    return await _in_state(db, chain_id, questionnaire_id, version, ("published",))


async def find_fixed(
    db: Database, chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire | None:
    """The version, if it is published or was before it was retired: what visits are made by."""
    return await _in_state(db, chain_id, questionnaire_id, version, ("published", "retired"))


async def _in_state(
    db: Database, chain_id: str, questionnaire_id: str, version: int, states: Collection[str]
) -> Questionnaire | None:
    document = await find_version(db, chain_id, questionnaire_id, version)
    if document is None or document["state"] not in states:
        return None
    return Questionnaire.model_validate_json(document["definition"])


async def list_versions(
    db: Database,
    chain_id: str,
    *,
    questionnaire_id: str | None,
    after: str | None,
    limit: int,
) -> list[Document]:
    """Versions without their definition, by questionnaire and number, from behind ``after``."""
    where: Document = {"questionnaire_id": questionnaire_id} if questionnaire_id else {}
    if after:
        where["_id"] = {"$gt": after}
    return await _versions(db, chain_id).find(
        where, _SUMMARY, sort=[("_id", ASCENDING)], limit=limit
    )


async def retire_version(
    db: Database, chain_id: str, questionnaire_id: str, version: int, fields: Mapping[str, Any]
) -> bool:
    """False if it is not published."""
    where = {"_id": version_id(questionnaire_id, version), "state": "published"}
    result = await _versions(db, chain_id).update_one(where, {"$set": dict(fields)})
    return result.matched_count == 1


async def revise_draft(
    db: Database,
    chain_id: str,
    questionnaire_id: str,
    version: int,
    fields: Mapping[str, Any],
    *,
    revision: int | None = None,
    event: QuestionnairePublished | None = None,
) -> bool:
    """False if it is published, or a draft that is no longer at ``revision``."""
    where: Document = {"_id": version_id(questionnaire_id, version), "state": "draft"}
    if revision is not None:
        where["revision"] = revision
    update: Document = {"$set": dict(fields), "$inc": {"revision": 1}}
    events = [event] if event else []
    result = await _versions(db, chain_id).update_one(where, append_events(update, *events))
    return result.matched_count == 1
