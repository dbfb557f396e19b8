"""The OpenRosa door for ODK Collect and KoboCollect: ``/openrosa/<API key>/…``.

The key is taken out of the path before a request comes here (``create_app(keys_below=…)``).
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pymongo.errors import PyMongoError

from incognita_evidence.access import own_visit
from incognita_evidence.openrosa import replies
from incognita_evidence.openrosa.forms import Form, forms_of
from incognita_evidence.openrosa.multipart import boundary_of
from incognita_evidence.openrosa.phone_desk import PhoneDesk
from incognita_evidence.openrosa.replies import FormEntry
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.http.faults import problem_of
from incognita_shared.problems import NotFound, Overloaded, Problem

BELOW = "/openrosa"
SUBMISSION = f"{BELOW}/submission"
MOST_VISITS = 200
_STATUS = {401: 403, 409: 503}
"""401 makes a phone ask for a password, and 409 keeps it from trying again by itself."""


class _Xml(APIRoute):
    """Answers problems as a phone reads them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_xml(request: Request) -> Response:
            try:
                return await handle(request)
            except (Problem, PyMongoError) as error:
                problem = problem_of(error)
                status = _STATUS.get(problem.status, problem.status)
                response = replies.message(problem.detail, status=status)
                response.headers.update(
                    {name: text for name, text in problem.headers.items() if name == "Retry-After"}
                )
                return response

        return handle_in_xml


router = APIRouter(prefix=BELOW, include_in_schema=False, route_class=_Xml)
Phone = Annotated[Principal, Depends(allow(Role.SHOPPER))]


@router.api_route("/formList", methods=["GET", "HEAD"])
async def list_forms(request: Request, phone: Phone) -> Response:
    """The forms of the shopper's open visits."""
    desk = _desk_of(request, phone)
    base = _base(request)
    visits = await desk.phones.list_open(phone.shopper_id or "", most=MOST_VISITS)
    forms = await asyncio.gather(
        *(forms_of(each, reports=desk.desk.reports, templates=desk.templates) for each in visits)
    )
    return replies.form_list(_entry(form, base) for each in forms for form in each)


@router.api_route("/forms/{form_id}.xml", methods=["GET", "HEAD"])
async def get_form(request: Request, phone: Phone, form_id: str) -> Response:
    """One form, byte for byte as its hash in the list says."""
    desk = _desk_of(request, phone)
    reports = desk.desk.reports
    visit = await own_visit(reports, form_id.partition(".")[0], phone.shopper_id)
    forms = await forms_of(visit, reports=reports, templates=desk.templates)
    form = next((form for form in forms if form.form_id == form_id), None)
    if form is None:
        raise NotFound("There is no such form for this phone")
    return replies.xml(form.xml)


@router.api_route("/submission", methods=["GET", "HEAD"])
async def describe_submission(request: Request, phone: Phone) -> Response:
    """How much a phone may send at once."""
    most = _desk_of(request, phone).settings.openrosa_request_bytes
    return replies.nothing({"X-OpenRosa-Accept-Content-Length": str(most)})


@router.post("/submission")
async def submit(request: Request, phone: Phone) -> Response:
    """A filled form, or a part of it; 201 once all that came is in the object store."""
    desk = _desk_of(request, phone)
    boundary = boundary_of(request.headers.get("content-type", ""))
    at_once = request.app.state.phones_at_once
    if at_once.locked():
        raise Overloaded("Too many submissions at once; try again in a moment")
    async with at_once:
        told = await desk.take(request.stream(), boundary, shopper_id=phone.shopper_id or "")
    request.app.state.wake()
    return replies.message(told, status=201)


def _desk_of(request: Request, phone: Principal) -> PhoneDesk:
    desk: PhoneDesk = request.app.state.phone_desk(phone.chain)
    return desk


def _base(request: Request) -> str:
    public = request.app.state.settings.evidence.public_url or str(request.base_url)
    key = request.headers["authorization"].partition(" ")[2]
    return f"{public.rstrip('/')}{BELOW}/{key}"


def _entry(form: Form, base: str) -> FormEntry:
    return FormEntry(
        form_id=form.form_id,
        name=form.title,
        version=form.version,
        md5=form.md5,
        description=form.description,
        url=f"{base}/forms/{form.form_id}.xml",
    )
