"""Importing many reports: as if each had been submitted by itself, only faster."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incognita_evidence.lines import BATCH_LINES
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.ids import new_id

Make = Callable[..., Any]
Accept = Callable[[Visit], Awaitable[Visit]]
DONE = [("report.completed", 1)]
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
async def agency(client_as: Make) -> httpx.AsyncClient:
    client: httpx.AsyncClient = await client_as("agency")
    return client


@pytest.fixture
def line(submission: Make) -> Callable[..., dict[str, Any]]:
    """One line of an import."""

    def make(visit_id: str, key: str = "key-1", **changes: Any) -> dict[str, Any]:
        return {"visit_id": visit_id, "idempotency_key": key, **submission(**changes)}

    return make


@pytest.fixture
def plain(accept: Accept, make_visit: Make) -> Callable[..., Awaitable[Visit]]:
    """An accepted visit that asks for no evidence."""

    async def make(**changes: Any) -> Visit:
        return await accept(make_visit(evidence=(), **changes))

    return make


async def send(client: httpx.AsyncClient, *lines: dict[str, Any] | bytes) -> httpx.Response:
    """Import the lines."""
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    return await client.post(
        "/v1/reports:import",
        content=b"\n".join(texts),
        headers={"Content-Type": "application/x-ndjson"},
    )


def statuses(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json()["results"]]


async def test_each_line_is_accepted_or_refused_by_itself(
    agency: httpx.AsyncClient, plain: Make, line: Make, said: Make, db: Any
) -> None:
    good, bad, last = await plain(), await plain(), await plain()
    closed = await plain(state=VisitState.CANCELLED)
    answer = await send(
        agency,
        line(good.id),
        line(bad.id, answers={"greeted": "perhaps", "rings": 2}),
        b"{not json",
        line(new_id()),
        b"",
        line(closed.id),
        line(bad.id, unheard_of=1),
        line(last.id),
    )
    assert statuses(answer) == [200, 422, 400, 404, 409, 422, 200]
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (2, 5)
    assert [result["line"] for result in body["results"]] == [1, 2, 3, 4, 6, 7, 8]
    assert body["results"][0] == {
        "line": 1, "status": 200, "visit_id": good.id, "state": "completed",
        "report_revision": 1, "missing": [], "missing_stages": [],
    }  # fmt: skip
    assert body["results"][1]["problem"]["errors"][0]["field"] == "answers.greeted"
    assert body["results"][5]["problem"]["errors"][0]["field"] == "unheard_of"
    assert [await said(visit) for visit in (good, last)] == [DONE, DONE]
    assert await db["reports"].count_documents({}) == 2


async def test_the_same_lines_again_get_the_same_answers(
    agency: httpx.AsyncClient, plain: Make, line: Make, said: Make, db: Any
) -> None:
    visits = [await plain() for _ in range(3)]
    lines = [line(visit.id) for visit in visits]
    first = await send(agency, *lines)
    written = await db["reports"].find().to_list()
    again = await asyncio.gather(*(send(agency, *lines) for _ in range(3)))
    assert {answer.text for answer in again} == {first.text}
    assert await db["reports"].find().to_list() == written


async def test_a_line_taken_before_its_visit_was_cancelled_is_answered_as_it_was(
    agency: httpx.AsyncClient, plain: Make, line: Make, db: Any
) -> None:
    visit = await plain()
    first = await send(agency, line(visit.id))
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": "cancelled"}})
    assert (await send(agency, line(visit.id))).text == first.text


async def test_imports_of_the_same_reports_at_once_make_each_once(
    agency: httpx.AsyncClient, plain: Make, line: Make, said: Make
) -> None:
    visits = [await plain() for _ in range(20)]
    lines = [line(visit.id) for visit in visits]
    answers = await asyncio.gather(
        send(agency, *lines), send(agency, *reversed(lines)), send(agency, *lines, *lines)
    )
    assert {status for answer in answers for status in statuses(answer)} == {200}
    assert [await said(visit) for visit in visits] == [DONE] * 20


async def test_a_line_of_a_visit_sees_the_lines_before(
    agency: httpx.AsyncClient, plain: Make, line: Make, said: Make
) -> None:
    visit = await plain()
    answer = await send(
        agency,
        line(visit.id),
        line(visit.id, rings=1, answers={"greeted": True, "rings": 9}),
        line(visit.id, "key-1", answers={"greeted": True, "rings": 9}),
        line(visit.id, "key-2", answers={"greeted": True, "rings": 9}),
        line(visit.id, "key-2"),
    )
    assert statuses(answer) == [200, 422, 422, 409, 200]
    assert await said(visit) == DONE


async def test_evidence_that_is_still_to_come_leaves_a_report_incomplete(
    agency: httpx.AsyncClient, accept: Accept, make_visit: Make, line: Make, said: Make,
    shopper: Any, uploaded: Make, photo: Make,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    (result,) = (await send(agency, line(visit.id))).json()["results"]
    assert (result["status"], result["state"]) == (200, "incomplete")
    assert [each["kind"] for each in result["missing"]] == ["photo"]
    assert await said(visit) == []
    item_id = await uploaded(visit, photo())
    await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
    assert await said(visit) == [("evidence.stored", 1), ("report.completed", 2)]
    (result,) = (await send(agency, line(visit.id))).json()["results"]
    assert result["state"] == "completed"


async def test_what_was_uploaded_before_is_verified(
    agency: httpx.AsyncClient, accept: Accept, make_visit: Make, line: Make, said: Make,
    uploaded: Make, photo: Make,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    await uploaded(visit, photo())
    (result,) = (await send(agency, line(visit.id))).json()["results"]
    assert result["state"] == "completed"
    assert await said(visit) == [("evidence.stored", 1), ("report.completed", 2)]


async def test_an_agency_imports_for_its_own_chain_only(
    client_as: Make, plain: Make, line: Make, db: Any
) -> None:
    visit = await plain()
    other = await client_as("agency", chain_id="chain-b")
    assert statuses(await send(other, line(visit.id))) == [404]
    assert await db["reports"].count_documents({}) == 0


async def test_a_shopper_imports_own_visits_only(
    shopper: httpx.AsyncClient, plain: Make, line: Make, db: Any
) -> None:
    own, other = await plain(), await plain(shopper_id="shopper-2")
    assert statuses(await send(shopper, line(other.id), line(own.id))) == [404, 200]
    assert [one["_id"] async for one in db["reports"].find()] == [own.id]


@pytest.mark.parametrize("role", ["reviewer", "chain_manager", "branch_manager"])
async def test_no_other_role_imports(client_as: Make, role: str) -> None:
    assert (await send(await client_as(role))).status_code == 403


async def test_another_content_type_is_refused(agency: httpx.AsyncClient) -> None:
    answer = await agency.post("/v1/reports:import", json={})
    assert (answer.status_code, answer.headers["accept"].split(",")[0]) == (
        415, "application/x-ndjson",
    )  # fmt: skip


async def test_a_line_too_long_is_refused_alone(
    agency: httpx.AsyncClient, plain: Make, line: Make
) -> None:
    visit = await plain()
    answer = await send(agency, b'{"x":"' + b"x" * 1_100_000 + b'"}', line(visit.id))
    assert statuses(answer) == [413, 200]


async def test_too_many_lines_end_the_import_which_says_what_was_accepted(
    agency: httpx.AsyncClient, plain: Make, line: Make, app: Any
) -> None:
    own = app.state.settings.evidence.model_copy(update={"import_lines": BATCH_LINES + 1})
    app.state.settings = replace(app.state.settings, evidence=own)
    visit = await plain()
    bad = [b"{"] * (BATCH_LINES - 1)
    answer = await send(agency, line(visit.id), *bad, line(visit.id), line(visit.id))
    assert answer.status_code == 413
    results = answer.json()["results"]
    assert len(results) == BATCH_LINES
    assert (results[0]["status"], results[0]["visit_id"]) == (200, visit.id)


async def test_too_many_imports_at_once_are_told_to_come_back(
    agency: httpx.AsyncClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "imports", asyncio.Semaphore(0))
    answer = await send(agency)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_an_import_of_nothing_does_nothing(agency: httpx.AsyncClient) -> None:
    answer = await send(agency, b"\n\n")
    assert answer.json() == {"accepted": 0, "refused": 0, "results": []}


CONTENTS = st.sampled_from(
    [
        {},
        {"answers": {"greeted": False, "rings": 1}},
        {"answers": {"greeted": True}},
        {"answers": {"greeted": True, "rings": 2, "dirty": True}},
        {"answers": {"greeted": True, "rings": 2**70}},
        {"answers": {"greeted": True, "rings": 2, "unheard-of": None}},
        {"ended_at": "2001-01-01T00:00:00Z"},
        {"started_at": 5, "ended_at": "1970-01-01"},
        {"missing_evidence_reasons": {"photo": "told not to", "receipt": "none"}},
        {"position": None},
        {"position": {"latitude": 91, "longitude": 0}},
        {"position": {"latitude": 43.0, "longitude": 11.0}},
        {"surplus": "x"},
    ]
)
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"]), CONTENTS), min_size=1, max_size=12
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_in_bulk_is_as_one_by_one(
    steps: Any, accept: Accept, make_visit: Make, agency: Any, shopper: Any, submission: Make,
    line: Make, said: Make,
) -> None:  # fmt: skip
    def visits() -> list[Visit]:
        return [
            make_visit(evidence=()), make_visit(), make_visit(evidence=(), due_at=LONG_AGO),
            make_visit(evidence=(), state=VisitState.EXPIRED),
        ]  # fmt: skip

    singles = [await accept(each) for each in visits()]
    bulk = [await accept(each) for each in visits()]
    expected = []
    for number, key, changes in steps:
        answer = await shopper.post(
            f"/v1/visits/{singles[number].id}/report:submit",
            json=submission(**changes),
            headers={"Idempotency-Key": key},
        )
        expected.append(told(answer.status_code, answer.json(), singles))
    lines = [line(bulk[number].id, key, **changes) for number, key, changes in steps]
    results = (await send(agency, *lines)).json()["results"]
    assert [told(one["status"], one.get("problem", one), bulk) for one in results] == expected
    assert [await said(visit) for visit in bulk] == [await said(visit) for visit in singles]


def told(status: int, body: Any, visits: list[Visit]) -> tuple[int, str]:
    """What a client learns, without ids."""
    members = {name: value for name, value in body.items() if name not in ("line", "status")}
    text = json.dumps(members, sort_keys=True)
    for number, visit in enumerate(visits):
        text = text.replace(visit.id, f"visit {number}")
    return status, text


async def test_a_report_submitted_by_itself_gets_the_same_answer_in_an_import(
    agency: httpx.AsyncClient, plain: Make, line: Make, submit: Make, said: Make
) -> None:
    visit = await plain()
    answer = (await submit(visit)).json()
    (result,) = (await send(agency, line(visit.id))).json()["results"]
    assert result == {"line": 1, "status": 200, **answer}
    assert await said(visit) == DONE
