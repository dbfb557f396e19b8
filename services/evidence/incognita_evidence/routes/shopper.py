"""What a shopper's phone calls: declare, upload to the store, verify, answer, submit."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response, status

from incognita_evidence import checking, submissions, uploads
from incognita_evidence.access import open_visit, own_visit
from incognita_evidence.report import Report, SubmitAnswer
from incognita_evidence.repository.reports import Reports
from incognita_evidence.routes.provided import Shopper, VisitId, desk_of
from incognita_evidence.rules.completion import still_missing
from incognita_evidence.rules.stages import outstanding
from incognita_evidence.schemas.given import (
    KEY_PATTERN,
    LONGEST_KEY,
    AnswersDraft,
    ReportSubmission,
    UploadDeclaration,
)
from incognita_evidence.schemas.shown import DeclaredUpload, ItemView, ReportView
from incognita_evidence.visit import Visit
from incognita_shared.problems import problem_responses
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.values import Id

router = APIRouter(prefix="/v1/visits/{visit_id}", tags=["shopper"])

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=KEY_PATTERN,
        description="One for each submission, the same when it is repeated: a UUID, for example",
        openapi_examples={"uuid": {"value": "0196f2a1-7f6e-7cc0-9d5b-0f6b9d1c2a11"}},
    ),
]


@router.get(
    "/report",
    summary="What is there, and what is missing",
    description="The report of an own visit as far as it has come, to go on where one was cut off.",
    responses=problem_responses(404, 409),
)
async def get_report(request: Request, visit_id: VisitId, shopper: Shopper) -> ReportView:
    reports = desk_of(request, shopper).reports
    visit = await own_visit(reports, visit_id, shopper.shopper_id)
    return await _view(visit, await reports.find_report(visit_id) or Report.of(visit), reports)


@router.post(
    "/uploads",
    status_code=status.HTTP_201_CREATED,
    summary="Declare a file and get a form to upload it by",
    description=(
        "The form works for some minutes, and for bytes of this size, type and SHA-256 only; post "
        "it to the object store. Declaring the same file again gives a fresh form."
    ),
    responses={
        200: {"model": DeclaredUpload, "description": "Declared before"},
        **problem_responses(404, 409, 422),
    },
)
async def declare_upload(
    request: Request,
    visit_id: VisitId,
    shopper: Shopper,
    declaration: UploadDeclaration,
    response: Response,
) -> DeclaredUpload:
    reports, settings = desk_of(request, shopper).reports, request.app.state.settings.evidence
    visit = await open_visit(reports, visit_id, shopper.shopper_id)
    item, new = await uploads.declare(visit, declaration, reports=reports, settings=settings)
    if not new:
        response.status_code = status.HTTP_200_OK
    store = request.app.state.store
    policy = uploads.policy(item, store=store, expiry_s=settings.upload_expiry_s)
    return DeclaredUpload(item_id=item.item_id, state=item.state, upload=policy)


@router.post(
    "/uploads/{item_id}:verify",
    summary="Verify an uploaded file",
    description=(
        "Compares what the object store holds with what was declared, and looks at the file's real "
        "type. 409 as long as the upload is not there. Completes a submitted report if this was "
        "the last thing missing."
    ),
    responses=problem_responses(404, 409, 422),
)
async def verify_upload(
    request: Request,
    visit_id: VisitId,
    shopper: Shopper,
    item_id: Annotated[Id, Path(description="The item's id, as the declaration gave it")],
) -> ItemView:
    desk = desk_of(request, shopper)
    visit = await open_visit(desk.reports, visit_id, shopper.shopper_id)
    item = await checking.verify_item(visit, item_id, desk=desk)
    request.app.state.wake()
    return ItemView.of(item)


@router.put(
    "/report/answers",
    summary="Save answers as a draft",
    description="Replaces the draft. Any part of the answers; each is checked by its type alone.",
    responses=problem_responses(404, 409, 422),
)
async def save_answers(
    request: Request, visit_id: VisitId, shopper: Shopper, draft: AnswersDraft
) -> ReportView:
    reports = desk_of(request, shopper).reports
    visit = await open_visit(reports, visit_id, shopper.shopper_id)
    report = await submissions.save_draft(visit, draft.answers, reports=reports)
    return await _view(visit, report, reports)


@router.post(
    "/report:submit",
    summary="Submit the report",
    description=(
        "Verifies what was uploaded, and completes the report if all that terms and questionnaire "
        "require is there, or its absence explained. An `incomplete` report keeps its answers and "
        "completes as soon as the last missing item is verified. Repeated with the same "
        "Idempotency-Key it does nothing more and answers the same."
    ),
    responses=problem_responses(404, 409, 422),
)
async def submit_report(
    request: Request,
    visit_id: VisitId,
    shopper: Shopper,
    content: ReportSubmission,
    key: IdempotencyKey,
) -> SubmitAnswer:
    desk = desk_of(request, shopper)
    visit = await own_visit(desk.reports, visit_id, shopper.shopper_id)
    answer = await submissions.submit(visit, submissions.Given.of(content, key), desk=desk)
    request.app.state.wake()
    return answer


async def _view(visit: Visit, report: Report, reports: Reports) -> ReportView:
    questionnaire = await reports.get_questionnaire(visit)
    read = ReadAnswers(questionnaire, report.answers, visit.context(report.made_at))
    return ReportView(
        visit_id=visit.id,
        visit_state=visit.state,
        state=report.state,
        report_revision=report.revision,
        due_at=visit.due_at,
        return_reason=visit.return_reason,
        marked_questions=list(visit.marked_questions),
        answers=report.answers,
        items=[ItemView.of(item) for item in report.items],
        missing=list(still_missing(report, visit, read)),
        missing_stages=list(outstanding(report, questionnaire)),
        submitted_at=report.submitted_at,
        completed_at=report.completed_at,
    )
