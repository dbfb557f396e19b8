"""Which forms a phone is given, to whom, and by which words."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from incognita_evidence.repository.phones import Phones
from incognita_evidence.visit import Visit, VisitState
from tests.collect.client import Collect, Refused

WALK = datetime(2008, 10, 22, tzinfo=UTC)
Make = Callable[..., Visit]
Accept = Callable[[Visit], Awaitable[Visit]]


async def test_a_phone_has_one_form_for_each_open_visit_of_its_shopper(
    phone: Collect, make_visit: Make, accept: Accept
) -> None:
    mine = [await accept(make_visit()), await accept(make_visit(state=VisitState.RETURNED))]
    await accept(make_visit(shopper_id="shopper-2"))
    for state in (VisitState.OFFERED, VisitState.EXPIRED, VisitState.CANCELLED):
        await accept(make_visit(state=state))
    await phone.update()
    assert set(phone.forms) == {visit.id for visit in mine}
    assert {form.version for form in phone.forms.values()} == {"1"}


async def test_a_form_is_downloaded_once_and_again_only_when_it_has_changed(
    phone: Collect, make_visit: Make, accept: Accept, db: Any
) -> None:
    visit = await accept(make_visit())
    await phone.update()
    await phone.update()
    assert phone.downloads == 1
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"scenario": "return of goods"}})
    await phone.update()
    assert phone.downloads == 2


async def test_a_form_says_which_visit_it_is_in_its_title(
    phone: Collect, make_visit: Make, accept: Accept
) -> None:
    await accept(make_visit(place="Via Roma 1, Arezzo & <b>", scenario="walk-in guest"))
    [listed] = await phone.list_forms()
    assert listed.name == "Counter · Via Roma 1, Arezzo & <b> · walk-in guest"


async def test_a_revoked_a_wrong_and_another_role_s_key_get_403_and_never_401(
    http: httpx.AsyncClient, make_key: Callable[..., Awaitable[str]]
) -> None:
    keys = [
        await make_key(revoked=True),
        await make_key("agency", shopper_id=None),
        (await make_key())[:-2] + "xx",
        "inc_0_0",
        "nonsense",
        "%00",
        "ключ",
    ]
    for key in keys:
        for path in ("formList", "forms/x.xml", "submission"):
            answer = await http.get(f"/openrosa/{key}/{path}")
            assert answer.status_code == 403, (key, path)
        assert (await http.post(f"/openrosa/{key}/submission")).status_code == 403
        assert answer.headers["x-openrosa-version"] == "1.0"
        assert key not in answer.text


async def test_a_key_in_a_header_opens_nothing_here(
    http: httpx.AsyncClient, make_key: Callable[..., Awaitable[str]]
) -> None:
    header = {"Authorization": f"Bearer {await make_key()}"}
    for path in ("/openrosa/formList", "/openrosa//formList", "/openrosa/x/formList"):
        assert (await http.get(path, headers=header)).status_code in (403, 404)


async def test_of_very_many_visits_those_due_last_are_listed_in_order(
    db: Any, make_visit: Make, accept: Accept
) -> None:
    visits = [make_visit(due_at=WALK + timedelta(days=day)) for day in (5, 1, 3, 2, 4)]
    for visit in visits:
        await accept(visit)
    listed = await Phones(db, "chain-a").list_open("shopper-1", most=3)
    assert [visit.due_at.day - WALK.day for visit in listed] == [3, 4, 5]


async def test_another_shopper_s_form_is_not_there(
    phone: Collect, make_visit: Make, accept: Accept
) -> None:
    other = await accept(make_visit(shopper_id="shopper-2"))
    answer = await phone.http.get(f"{phone.server}/forms/{other.id}.xml")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["formList", "submission"])
async def test_head_is_answered_as_get_is(phone: Collect, path: str) -> None:
    get = await phone.http.get(f"{phone.server}/{path}")
    head = await phone.http.head(f"{phone.server}/{path}")
    assert (head.status_code, head.headers) == (get.status_code, get.headers)
    assert head.content == b""
    assert head.status_code == (200 if path == "formList" else 204)


async def test_how_much_a_phone_may_send_at_once_is_said(phone: Collect) -> None:
    answer = await phone.http.head(f"{phone.server}/submission")
    assert answer.headers["x-openrosa-accept-content-length"] == "50000000"


async def test_the_address_of_a_form_is_the_configured_one(
    phone: Collect, make_visit: Make, accept: Accept, app: Any
) -> None:
    visit = await accept(make_visit())
    evidence = app.state.settings.evidence.model_copy(
        update={"public_url": "https://audits.example/incognita/"}
    )
    app.state.settings = replace(app.state.settings, evidence=evidence)
    [listed] = await phone.list_forms()
    key = phone.server.rpartition("/")[2]
    assert listed.url == f"https://audits.example/incognita/openrosa/{key}/forms/{visit.id}.xml"


async def test_a_form_that_is_gone_is_refused(phone: Collect) -> None:
    with pytest.raises(Refused, match="404"):
        await phone._get(f"{phone.server}/forms/nothing.xml")
