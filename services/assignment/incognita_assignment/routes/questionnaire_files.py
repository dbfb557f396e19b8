"""Questionnaires as XLSForm workbooks: import and export."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from incognita_assignment import questionnaires
from incognita_assignment.idempotency import IdempotencyKey
from incognita_assignment.imports.upload import received
from incognita_assignment.questionnaire_files import read_file, write_file
from incognita_assignment.repository.questionnaires import Document
from incognita_assignment.routes.dependencies import Agency, Db, FormReader, PathId
from incognita_assignment.routes.questionnaires import view_of
from incognita_assignment.schemas.questionnaire_files import ImportedVersion, WorkbookProblem
from incognita_shared.problems import UnsupportedMedia, problem_responses
from incognita_shared.questionnaire.model import Language, Questionnaire
from incognita_xlsform.problems import Problem
from incognita_xlsform.workbook.bounds import LARGEST_FILE

FIRST = "/v1/questionnaires:import"
NEXT = "/v1/questionnaires/{questionnaire_id}/versions:import"
PATHS = (FIRST, NEXT)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = (XLSX, "application/octet-stream")
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_EXAMPLE = {
    "summary": "A pizza delivery in four languages",
    "externalValue": "examples/questionnaires/pizza-delivery.xlsx",
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "An .xlsx workbook of at most 10 MB; `examples/questionnaires` has three",
        "content": {XLSX: {**_FILE, "examples": {"pizza": _EXAMPLE}}},
    }
}
_Language = Annotated[
    Language, Query(description="Of texts in a workbook that names no language", examples=["tr"])
]
_FileName = Annotated[
    str,
    Query(min_length=1, max_length=200, description="The title, where the workbook has none"),
]
router = APIRouter(tags=["questionnaires"])


@router.post(
    FIRST,
    status_code=201,
    summary="Begin a questionnaire from a workbook",
    responses=problem_responses(413, 415, 422),
    openapi_extra=_BODY,
)
async def import_questionnaire(
    request: Request,
    db: Db,
    caller: Agency,
    file_name: _FileName = "questionnaire.xlsx",
    language: _Language = "en",
    idempotency_key: IdempotencyKey = None,
) -> ImportedVersion:
    """Version 1, a draft, and warnings about what is not carried. A workbook with errors makes
    nothing: the answer's `problems` name sheet, row, column and cause of each."""
    definition, warnings = await _received(request, file_name, language)
    document = await questionnaires.create_questionnaire(
        db, caller.chain, definition, idempotency_key=idempotency_key
    )
    return _imported(document, warnings)


@router.post(
    NEXT,
    status_code=201,
    summary="Begin the next version from a workbook",
    responses=problem_responses(404, 409, 413, 415, 422),
    openapi_extra=_BODY,
)
async def import_version(
    questionnaire_id: PathId,
    request: Request,
    db: Db,
    caller: Agency,
    file_name: _FileName = "questionnaire.xlsx",
    language: _Language = "en",
) -> ImportedVersion:
    """A draft, as above."""
    definition, warnings = await _received(request, file_name, language)
    document = await questionnaires.add_version(db, caller.chain, questionnaire_id, definition)
    return _imported(document, warnings)


@router.get(
    "/v1/questionnaires/{questionnaire_id}/versions/{version}:export",
    summary="A version as a workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: _FILE}}, **problem_responses(404, 422)},
)
async def export_version(
    questionnaire_id: PathId,
    version: Annotated[int, Path(ge=1, le=1_000_000)],
    db: Db,
    caller: FormReader,
) -> Response:
    """All of it, scoring too: imported again it is the same questionnaire."""
    document = await questionnaires.get_version(db, caller.chain, questionnaire_id, version)
    definition = Questionnaire.model_validate_json(document["definition"])
    name = f'attachment; filename="questionnaire-v{version}.xlsx"'
    headers = {"Content-Disposition": name}
    return Response(await write_file(definition), media_type=XLSX, headers=headers)


async def _received(
    request: Request, file_name: str, language: str
) -> tuple[Questionnaire, list[Problem]]:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _TYPES:
        raise UnsupportedMedia(f"Send Content-Type {XLSX}", headers={"Accept": XLSX})
    async with received(request.stream(), most_bytes=LARGEST_FILE) as file:
        file.seek(0)
        return await read_file(file.read(), file_name=file_name, language=language)


def _imported(document: Document, warnings: list[Problem]) -> ImportedVersion:
    found = [WorkbookProblem.model_validate(asdict(each)) for each in warnings]
    return ImportedVersion(**view_of(document).model_dump(), warnings=found)
