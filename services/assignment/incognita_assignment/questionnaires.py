"""Questionnaires: a draft is edited until it is published; from then on that version is fixed."""

import asyncio
import re

from incognita_assignment.differences import differences
from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import check_same_request, identity_of
from incognita_assignment.repository import questionnaires as repository
from incognita_assignment.repository.questionnaires import Document, version_id
from incognita_assignment.schemas.differences import Differences
from incognita_assignment.schemas.questionnaires import QuestionnaireState
from incognita_shared.clock import now
from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict, Invalid, TooLarge, field_error
from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.model import Questionnaire

LONGEST_JSON = 500_000
"""Bytes; an event must fit into one Kafka message with room to spare."""


async def create_questionnaire(
    db: Database, chain_id: str, definition: Questionnaire, *, idempotency_key: str | None
) -> Document:
    """The first draft. Raises ``Invalid`` naming everything that keeps it from being published."""
    identity = identity_of(chain_id, "questionnaire", idempotency_key, definition)
    document = _draft(chain_id, identity.id, 1, definition)
    document["body_sha256"] = identity.body_sha256
    if await repository.insert_version(db, chain_id, document):
        return document
    stored = await get_version(db, chain_id, identity.id, 1)
    check_same_request(stored, identity)
    return stored


async def add_version(
    db: Database, chain_id: str, questionnaire_id: str, definition: Questionnaire | None
) -> Document:
    """The next draft, a copy of the newest version unless a definition is given."""
    newest = await repository.find_newest(db, chain_id, questionnaire_id)
    if newest is None:
        raise no_such("questionnaire", questionnaire_id)
    if newest["state"] == QuestionnaireState.DRAFT:
        raise Conflict(
            f"Version {newest['version']} is still a draft", allowed=["change", "publish"]
        )
    content = definition or Questionnaire.model_validate_json(newest["definition"])
    document = _draft(chain_id, questionnaire_id, newest["version"] + 1, content)
    if not await repository.insert_version(db, chain_id, document):
        raise Conflict(
            f"Version {document['version']} was made at the same moment",
            allowed=["change", "publish"],
        )
    return document


async def change_draft(
    db: Database, chain_id: str, questionnaire_id: str, version: int, definition: Questionnaire
) -> Document:
    """Replace a draft's definition. Raises ``Conflict`` once it is published."""
    content = _content(definition)
    document = await get_version(db, chain_id, questionnaire_id, version)
    fields = {**content, "updated_at": now()}
    if not await repository.revise_draft(db, chain_id, questionnaire_id, version, fields):
        raise _fixed(version, document["state"])
    return {**document, **fields}


async def publish(db: Database, chain_id: str, questionnaire_id: str, version: int) -> Document:
    """Fix the version and tell every service; a second time changes nothing."""
    document = await get_version(db, chain_id, questionnaire_id, version)
    if document["state"] == QuestionnaireState.PUBLISHED:
        return document
    if document["state"] == QuestionnaireState.RETIRED:
        raise _fixed(version, document["state"])
    definition = Questionnaire.model_validate_json(document["definition"])
    _content(definition)
    fields = {"state": str(QuestionnaireState.PUBLISHED), "published_at": now()}
    event = QuestionnairePublished(
        chain_id=chain_id,
        questionnaire_id=questionnaire_id,
        version=version,
        definition=definition,
    )
    published = await repository.revise_draft(
        db,
        chain_id,
        questionnaire_id,
        version,
        fields,
        revision=document["revision"],
        event=event,
    )
    if not published:
        raise Conflict(
            "The draft was changed or published at the same moment; look at it again",
            allowed=["change", "publish"],
        )
    return {**document, **fields}


async def retire(db: Database, chain_id: str, questionnaire_id: str, version: int) -> Document:
    """No new wave may use the version; what uses it goes on. A second time changes nothing."""
    document = await get_version(db, chain_id, questionnaire_id, version)
    if document["state"] == QuestionnaireState.RETIRED:
        return document
    fields = {"state": str(QuestionnaireState.RETIRED), "retired_at": now()}
    if not await repository.retire_version(db, chain_id, questionnaire_id, version, fields):
        document = await get_version(db, chain_id, questionnaire_id, version)
        if document["state"] == QuestionnaireState.RETIRED:
            return document
        raise Conflict("Only a published version is retired", allowed=["change", "publish"])
    return {**document, **fields}


async def get_definition(
    db: Database, chain_id: str, questionnaire_id: str, version: int
) -> Questionnaire:
    """What the version says, draft or not; raises ``NotFound``."""
    document = await get_version(db, chain_id, questionnaire_id, version)
    return Questionnaire.model_validate_json(document["definition"])


async def compare(
    db: Database, chain_id: str, questionnaire_id: str, version: int, other: int | None
) -> Differences:
    """How the version differs from ``other``, by default the one before it."""
    earlier = max(version - 1, 1) if other is None else other
    before = await get_definition(db, chain_id, questionnaire_id, earlier)
    after = await get_definition(db, chain_id, questionnaire_id, version)
    changes = await asyncio.to_thread(differences, before, after)
    return Differences(
        questionnaire_id=questionnaire_id,
        version=version,
        compared_with=earlier,
        affects_score=any(change.affects_score for change in changes),
        changes=changes,
    )


async def get_version(db: Database, chain_id: str, questionnaire_id: str, version: int) -> Document:
    """One version; raises ``NotFound``."""
    document = await repository.find_version(db, chain_id, questionnaire_id, version)
    if document is None:
        raise no_such("questionnaire version", f"{questionnaire_id}:{version}")
    return document


def _fixed(version: int, state: str) -> Conflict:
    """``state`` was read before the write failed: a draft then has been published since."""
    known = "retired" if state == QuestionnaireState.RETIRED else "published"
    return Conflict(f"Version {version} is {known}", allowed=["next version"])


def _draft(
    chain_id: str, questionnaire_id: str, version: int, definition: Questionnaire
) -> Document:
    moment = now()
    return {
        "_id": version_id(questionnaire_id, version),
        "chain_id": chain_id,
        "questionnaire_id": questionnaire_id,
        "version": version,
        "state": str(QuestionnaireState.DRAFT),
        "revision": 1,
        **_content(definition),
        "created_at": moment,
        "updated_at": moment,
        "published_at": None,
    }


def _content(definition: Questionnaire) -> Document:
    """What is stored of a definition that is sound; raises ``Invalid`` or ``TooLarge``."""
    problems = check_questionnaire(definition)
    if problems:
        errors = [field_error(_json_path(each.path), each.cause) for each in problems]
        what = "mistake" if len(errors) == 1 else "mistakes"
        raise Invalid(f"The questionnaire has {len(errors)} {what}", errors=errors)
    text = definition.model_dump_json()
    if len(text.encode()) > LONGEST_JSON:
        raise TooLarge(f"A questionnaire may have {LONGEST_JSON:,} bytes of JSON")
    return {"definition": text, "title": [list(each) for each in definition.title.items()]}


def _json_path(path: str) -> str:
    """``sections.0.questions.2.label`` → ``sections[0].questions[2].label``, as in all answers."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)
