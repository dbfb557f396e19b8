"""Questionnaire versions: kept from their events, parsed once, as they never change."""

from collections import OrderedDict

from incognita_scoring.repository import QUESTIONNAIRES
from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.mongo.work import Work
from incognita_shared.questionnaire.model import Questionnaire

MOST_KEPT = 128


class _Parsed:
    """The versions used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Questionnaire] = OrderedDict()

    def find(self, *key: str) -> Questionnaire | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, document: Document, *key: str) -> Questionnaire:
        questionnaire = Questionnaire.model_validate_json(document["definition"])
        self._kept[key] = questionnaire
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return questionnaire


_parsed = _Parsed()


def save_questionnaire(work: Work, event: QuestionnairePublished) -> None:
    """Keep the version; what is kept already stays. As JSON text, which holds any condition."""
    document = {"chain_id": event.chain_id, "definition": event.definition.model_dump_json()}
    work.update(QUESTIONNAIRES, {"_id": event.key}, {"$setOnInsert": document}, upsert=True)


async def find_for_event(
    work: Work, chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire | None:
    """The chain's version, as far as it has come."""
    key = f"{questionnaire_id}:{version}"
    found = _parsed.find(work.db.name, chain_id, key)
    if found is not None:
        return found
    document = await work.find_one(QUESTIONNAIRES, {"_id": key, "chain_id": chain_id})
    return None if document is None else _parsed.keep(document, work.db.name, chain_id, key)


async def find_for_request(
    db: Database, chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire | None:
    """The same for a request of that chain."""
    key = f"{questionnaire_id}:{version}"
    found = _parsed.find(db.name, chain_id, key)
    if found is not None:
        return found
    document = await ChainCollection(db[QUESTIONNAIRES], chain_id).find_one({"_id": key})
    return None if document is None else _parsed.keep(document, db.name, chain_id, key)
