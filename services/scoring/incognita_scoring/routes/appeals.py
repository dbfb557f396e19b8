"""Appeals: opened by branches, decided by the agency, read by all who see the report."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from incognita_scoring.appeals import attachments
from incognita_scoring.appeals.appeal import Appeal, AppealState
from incognita_scoring.appeals.deciding import decide_appeal
from incognita_scoring.appeals.opening import Deadlines, Objection, open_appeal
from incognita_scoring.errors import AppealNotFound
from incognita_scoring.repository.appeals import Appeals, read_appeal
from incognita_scoring.routes.places import milliseconds, moment_of
from incognita_scoring.routes.provided import Agency, OwnSettings, Reader, Visible, VisitId
from incognita_scoring.schemas.appeals import (
    AppealView,
    AppealWord,
    AttachmentView,
    FileDeclaration,
    NewAppeal,
    UploadForm,
    VerdictView,
)
from incognita_scoring.settings import ScoringSettings
from incognita_scoring.visibility import CLIENTS
from incognita_shared.auth import Principal, allow
from incognita_shared.objects import ObjectStore
from incognita_shared.pagination import Cursor, Limit, Page, decode_cursor, encode_cursor
from incognita_shared.problems import Invalid, field_error, problem_responses
from incognita_shared.values import Id

router = APIRouter(prefix="/v1", tags=["appeals"])

Client = Annotated[Principal, Depends(allow(*CLIENTS))]
AppealId = Annotated[Id, Path(description="The appeal's id")]


async def appeals_read(request: Request, reader: Reader) -> Appeals:
    """The appeals of the reader's chain."""
    return Appeals(request.app.state.db, reader.chain)


async def store_of(request: Request) -> ObjectStore:
    """The object store."""
    store: ObjectStore = request.app.state.store
    return store


ReadAppeals = Annotated[Appeals, Depends(appeals_read)]
Store = Annotated[ObjectStore, Depends(store_of)]


@router.post(
    "/scores/{visit_id}/appeals:attach",
    summary="Get a form to upload a file of an appeal by",
    description=(
        "The form works for some minutes, and for bytes of this size, type and SHA-256 only; post "
        "it to the object store, then open the appeal with the same declaration."
    ),
    responses=problem_responses(404, 422),
)
async def attach_to_appeal(
    visit_id: VisitId,
    declaration: FileDeclaration,
    client: Client,
    *,
    appeals: ReadAppeals,
    visible: Visible,
    store: Store,
    settings: OwnSettings,
) -> UploadForm:
    await appeals.get_score(visit_id, visible)
    _check_size((declaration,), settings)
    upload = attachments.policy(
        declaration.declared(),
        store=store,
        chain_id=client.chain,
        visit_id=visit_id,
        expiry_s=settings.upload_expiry_s,
    )
    return UploadForm(url=upload.url, fields=upload.fields, expires_at=upload.expires_at)


@router.post(
    "/scores/{visit_id}/appeals",
    status_code=status.HTTP_201_CREATED,
    summary="Appeal against one question",
    description=(
        "For the chain's roles, within some days after the approval; a question of a score "
        "revision once, and with one appeal open at a time. The same again answers 200 and changes "
        "nothing."
    ),
    responses={
        200: {"model": AppealView, "description": "Opened before"},
        **problem_responses(404, 409, 422),
    },
)
async def open_score_appeal(
    visit_id: VisitId,
    given: NewAppeal,
    client: Client,
    response: Response,
    *,
    appeals: ReadAppeals,
    visible: Visible,
    store: Store,
    settings: OwnSettings,
) -> AppealView:
    await appeals.get_score(visit_id, visible)
    _check_size(given.attachments, settings)
    files = [each.declared() for each in given.attachments]
    proved = await attachments.proved(files, store=store, chain_id=client.chain, visit_id=visit_id)
    said = Objection(
        question_id=given.question_id,
        instance=given.instance,
        text=given.text,
        attachments=proved,
        key_id=client.key_id,
    )
    deadlines = Deadlines(settings.appeal_days, settings.decision_days)
    appeal, new = await open_appeal(appeals, visit_id, said, within=visible, deadlines=deadlines)
    if not new:
        response.status_code = status.HTTP_200_OK
    return _view(appeal, store, settings)


@router.get(
    "/scores/{visit_id}/appeals",
    summary="List a visit's appeals",
    description="For all who see the score.",
    responses=problem_responses(404),
)
async def list_visit_appeals(
    visit_id: VisitId,
    *,
    appeals: ReadAppeals,
    visible: Visible,
    store: Store,
    settings: OwnSettings,
) -> list[AppealView]:
    await appeals.get_score(visit_id, visible)
    return [_view(each, store, settings) for each in await appeals.list_appeals_of(visit_id)]


@router.get(
    "/appeals",
    summary="List appeals",
    description=(
        "Those first that should be decided first. The chain's roles see appeals of the reports "
        "that they see; a page may then be shorter than `limit`, go on with `next_cursor`."
    ),
    responses=problem_responses(422),
)
async def list_appeals(
    *,
    appeals: ReadAppeals,
    visible: Visible,
    store: Store,
    settings: OwnSettings,
    state: Annotated[AppealState | None, Query(description="Only in this state")] = None,
    branch_id: Annotated[Id | None, Query(description="Only of this branch")] = None,
    wave_id: Annotated[Id | None, Query(description="Only of this wave")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AppealView]:
    # naming all states lets one index serve the list with and without a state, in order
    states = [state.value] if state else [each.value for each in AppealState]
    own = {"branch_id": visible["branch_id"]} if "branch_id" in visible else {}
    named = {"branch_id": branch_id, "wave_id": wave_id}
    filters = {name: value for name, value in named.items() if value is not None}
    found = await appeals.list_appeals(
        {"$and": [own, {**filters, "state": {"$in": states}}]},
        after=_after(cursor),
        limit=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    seen = await appeals.visible_among([each["visit_id"] for each in page], visible)
    last = page[-1] if more else None
    return Page(
        items=[
            _view(read_appeal(each), store, settings) for each in page if each["visit_id"] in seen
        ],
        next_cursor=last and encode_cursor(milliseconds(last["decide_by"]), last["_id"]),
    )


@router.post(
    "/appeals/{appeal_id}:decide",
    summary="Decide an appeal",
    description=(
        "For the agency. An upheld one makes a new score revision with the corrected answer, with "
        "full points, or without the question; an approved report stays approved with it. The "
        "same word again changes nothing."
    ),
    responses=problem_responses(404, 409, 422),
)
async def decide_on_appeal(
    appeal_id: AppealId,
    word: AppealWord,
    agency: Agency,
    *,
    appeals: ReadAppeals,
    store: Store,
    settings: OwnSettings,
) -> AppealView:
    appeal = await decide_appeal(
        appeals,
        appeal_id,
        upheld=word.upheld_change(),
        word={"category": word.category, "reason": word.reason},
        key_id=agency.key_id,
    )
    return _view(appeal, store, settings)


# after the verb, so that a wrong method on it is answered with the right `Allow`
@router.get(
    "/appeals/{appeal_id}",
    summary="Read an appeal",
    description="For all who see the report.",
    responses=problem_responses(404),
)
async def get_appeal(
    appeal_id: AppealId,
    *,
    appeals: ReadAppeals,
    visible: Visible,
    store: Store,
    settings: OwnSettings,
) -> AppealView:
    appeal = await appeals.get_appeal(appeal_id)
    if not await appeals.visible_among([appeal.visit_id], visible):
        raise AppealNotFound(appeal_id)
    return _view(appeal, store, settings)


def _check_size(files: Sequence[FileDeclaration], settings: ScoringSettings) -> None:
    most = settings.attachment_limit_bytes
    errors = [
        field_error(f"attachments.{number}.size_bytes", f"a file has at most {most:,} bytes")
        for number, each in enumerate(files)
        if each.size_bytes > most
    ]
    if errors:
        raise Invalid("A file is too large", errors=errors)


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    key = decode_cursor(cursor, int, str)
    return None if key is None else (moment_of(key[0]), key[1])


def _view(appeal: Appeal, store: ObjectStore, settings: ScoringSettings) -> AppealView:
    """Neither who the shopper was nor which key wrote it is told."""
    expires = timedelta(seconds=settings.download_expiry_s)
    verdict = appeal.verdict
    built: dict[str, Any] = {
        "attachments": tuple(
            AttachmentView(
                **each.model_dump(include={"name", "content_type", "size_bytes", "sha256"}),
                url=store.presign_download(
                    each.object_key,
                    version_id=each.version_id,
                    expires=expires,
                    filename=each.name,
                ),
            )
            for each in appeal.attachments
        ),
        "verdict": verdict
        and VerdictView(
            **verdict.model_dump(include=set(VerdictView.model_fields) - {"change"}),
            change=verdict.change and verdict.change.kind,
        ),
    }
    names = set(AppealView.model_fields) - set(built)
    return AppealView(**appeal.model_dump(include=names), **built)
