"""Questionnaires: drafts, and published versions that never change."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from incognita_assignment import questionnaires
from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.repository.questionnaires import list_versions as read_versions
from incognita_assignment.routes.dependencies import Agency, Db, FormReader, PathId
from incognita_assignment.schemas.questionnaires import EXAMPLE, VersionSummary, VersionView
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.questionnaire.model import Questionnaire

router = APIRouter(prefix="/v1/questionnaires", tags=["questionnaires"])

Number = Annotated[int, Path(ge=1, le=1_000_000, description="The version, from 1")]
Definition = Annotated[
    Questionnaire, Body(openapi_examples={"pizza": {"summary": "By phone", "value": EXAMPLE}})
]
OptionalDefinition = Annotated[
    Questionnaire | None,
    Body(
        openapi_examples={
            "copy": {"summary": "A copy of the newest version", "value": None},
            "pizza": {"summary": "Another text", "value": EXAMPLE},
        }
    ),
]


def _summary(document: dict[str, Any]) -> VersionSummary:
    return VersionSummary(
        questionnaire_id=document["questionnaire_id"],
        version=document["version"],
        state=document["state"],
        title=dict(document["title"]),
        created_at=document["created_at"],
        published_at=document["published_at"],
    )


def _view(document: dict[str, Any]) -> VersionView:
    definition = Questionnaire.model_validate_json(document["definition"])
    return VersionView(**_summary(document).model_dump(), definition=definition)


@router.post("", status_code=201, summary="Begin a questionnaire", responses=problem_responses(422))
async def create_questionnaire(
    body: Definition, db: Db, caller: Agency, idempotency_key: IdempotencyKey = None
) -> VersionView:
    """Version 1, a draft. The answer to a bad one names every mistake in it."""
    document = await questionnaires.create_questionnaire(
        db, caller.chain, body, idempotency_key=idempotency_key
    )
    return _view(document)


@router.get("", summary="List questionnaires", responses=problem_responses(422))
async def list_questionnaires(
    db: Db, caller: FormReader, limit: Limit = 100, cursor: Cursor = None
) -> Page[VersionSummary]:
    """All versions of all questionnaires, without their questions."""
    after = decode_cursor(cursor)
    found = await read_versions(
        db,
        caller.chain,
        questionnaire_id=None,
        after=after[0] if after else None,
        limit=limit + 1,
    )
    return page_of(found, limit, item=_summary)


@router.get(
    "/{questionnaire_id}",
    summary="List a questionnaire's versions",
    responses=problem_responses(404, 422),
)
async def list_versions(
    questionnaire_id: PathId, db: Db, caller: FormReader, limit: Limit = 100, cursor: Cursor = None
) -> Page[VersionSummary]:
    """Oldest first, without their questions."""
    after = decode_cursor(cursor)
    found = await read_versions(
        db,
        caller.chain,
        questionnaire_id=questionnaire_id,
        after=after[0] if after else None,
        limit=limit + 1,
    )
    if not found and after is None:
        raise no_such("questionnaire", questionnaire_id)
    return page_of(found, limit, item=_summary)


@router.post(
    "/{questionnaire_id}/versions",
    status_code=201,
    summary="Begin the next version",
    responses=problem_responses(404, 409, 422),
)
async def create_version(
    questionnaire_id: PathId, db: Db, caller: Agency, body: OptionalDefinition = None
) -> VersionView:
    """A draft: a copy of the newest version, unless a definition is given."""
    return _view(await questionnaires.add_version(db, caller.chain, questionnaire_id, body))


@router.get(
    "/{questionnaire_id}/versions/{version}",
    summary="Look at a version",
    responses=problem_responses(404, 422),
)
async def get_version(
    questionnaire_id: PathId, version: Number, db: Db, caller: FormReader
) -> VersionView:
    """The whole definition."""
    return _view(await questionnaires.get_version(db, caller.chain, questionnaire_id, version))


@router.put(
    "/{questionnaire_id}/versions/{version}",
    summary="Replace a draft",
    responses=problem_responses(404, 409, 422),
)
async def replace_version(
    questionnaire_id: PathId, version: Number, body: Definition, db: Db, caller: Agency
) -> VersionView:
    """Only while it is a draft: a published version never changes."""
    document = await questionnaires.change_draft(db, caller.chain, questionnaire_id, version, body)
    return _view(document)


@router.post(
    "/{questionnaire_id}/versions/{version}:publish",
    summary="Publish a version",
    responses=problem_responses(404, 409, 422),
)
async def publish_version(
    questionnaire_id: PathId, version: Number, db: Db, caller: Agency
) -> VersionView:
    """Fixes it for ever and tells every service. A second time changes nothing."""
    return _view(await questionnaires.publish(db, caller.chain, questionnaire_id, version))
