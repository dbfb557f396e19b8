"""Questionnaires: drafts, and published versions that never change."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query

from incognita_assignment import questionnaires
from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.preview import preview_of
from incognita_assignment.repository.questionnaires import list_versions as read_versions
from incognita_assignment.routes.dependencies import Agency, Db, FormReader, PathId
from incognita_assignment.schemas.differences import Differences
from incognita_assignment.schemas.questionnaire_for_shoppers import QuestionnairePreview
from incognita_assignment.schemas.questionnaires import EXAMPLE, VersionSummary, VersionView
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, page_of
from incognita_shared.problems import problem_responses
from incognita_shared.questionnaire.model import Language, Questionnaire

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
        retired_at=document.get("retired_at"),
    )


def view_of(document: dict[str, Any]) -> VersionView:
    """One version as it is answered."""
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
    return view_of(document)


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
    return view_of(await questionnaires.add_version(db, caller.chain, questionnaire_id, body))


# Before the version itself: a path is matched by the first route that fits.
@router.get(
    "/{questionnaire_id}/versions/{version}:preview",
    summary="See a version as a shopper will",
    responses=problem_responses(404, 422),
)
async def preview_version(
    questionnaire_id: PathId,
    version: Number,
    db: Db,
    caller: FormReader,
    language: Annotated[
        Language | None, Query(description="The default language, if none is given")
    ] = None,
) -> QuestionnairePreview:
    """The form without scoring, in one language; `missing` names the wordings that it lacks."""
    found = await questionnaires.get_definition(db, caller.chain, questionnaire_id, version)
    return preview_of(questionnaire_id, version, found, language)


@router.get(
    "/{questionnaire_id}/versions/{version}:compare",
    summary="Compare two versions",
    responses=problem_responses(404, 422),
)
async def compare_versions(
    questionnaire_id: PathId,
    version: Number,
    db: Db,
    caller: FormReader,
    compared_with: Annotated[
        int | None,
        Query(alias="with", ge=1, le=1_000_000, description="By default the version before it"),
    ] = None,
) -> Differences:
    """Every difference by its path, with what of it can change a score. Drafts may be compared."""
    return await questionnaires.compare(db, caller.chain, questionnaire_id, version, compared_with)


@router.get(
    "/{questionnaire_id}/versions/{version}",
    summary="Look at a version",
    responses=problem_responses(404, 422),
)
async def get_version(
    questionnaire_id: PathId, version: Number, db: Db, caller: FormReader
) -> VersionView:
    """The whole definition."""
    return view_of(await questionnaires.get_version(db, caller.chain, questionnaire_id, version))


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
    return view_of(document)


@router.post(
    "/{questionnaire_id}/versions/{version}:publish",
    summary="Publish a version",
    responses=problem_responses(404, 409, 422),
)
async def publish_version(
    questionnaire_id: PathId, version: Number, db: Db, caller: Agency
) -> VersionView:
    """Fixes it for ever and tells every service. A second time changes nothing."""
    return view_of(await questionnaires.publish(db, caller.chain, questionnaire_id, version))


@router.post(
    "/{questionnaire_id}/versions/{version}:retire",
    summary="Retire a version",
    responses=problem_responses(404, 409, 422),
)
async def retire_version(
    questionnaire_id: PathId, version: Number, db: Db, caller: Agency
) -> VersionView:
    """No new wave may use it; waves that do go on. A second time changes nothing."""
    return view_of(await questionnaires.retire(db, caller.chain, questionnaire_id, version))
