"""Questionnaires as workbooks over HTTP."""

import io
from typing import Any

import openpyxl

from incognita_assignment.routes.questionnaire_files import XLSX
from incognita_assignment.schemas.questionnaires import EXAMPLE
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.writing import write_workbook

from .conftest import Caller, Database

PATH = "/v1/questionnaires"


def workbook(**changes: str) -> bytes:
    """The example's workbook, with cells of its survey changed: ``B3="other"``."""
    content = write_workbook(Questionnaire.model_validate(EXAMPLE))
    if not changes:
        return content
    book = openpyxl.load_workbook(io.BytesIO(content))
    for place, text in changes.items():
        book["survey"][place] = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def sent(caller: Caller, path: str, content: bytes, **headers: str) -> Any:
    return await caller("POST", path, content=content, headers={"Content-Type": XLSX, **headers})


async def test_a_workbook_becomes_a_draft_that_comes_back_as_the_same_workbook(
    agency: Caller,
) -> None:
    answer = await sent(agency, f"{PATH}:import", workbook())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["version"], made["state"], made["warnings"]) == (1, "draft", [])
    assert made["definition"] == Questionnaire.model_validate(EXAMPLE).model_dump(mode="json")
    path = f"{PATH}/{made['questionnaire_id']}/versions"
    exported = await agency("GET", f"{path}/1:export")
    assert exported.status_code == 200
    assert exported.headers["content-type"] == XLSX
    await agency.post(f"{path}/1:publish")
    again = await sent(agency, f"{path}:import", exported.content)
    assert again.status_code == 201, again.text
    assert (again.json()["version"], again.json()["definition"]) == (2, made["definition"])
    assert (await sent(agency, f"{path}:import", exported.content)).status_code == 409


async def test_the_same_key_imports_once_and_another_workbook_under_it_is_refused(
    agency: Caller, database: Database
) -> None:
    key = {"Idempotency-Key": "of my first try"}
    first = await sent(agency, f"{PATH}:import", workbook(), **key)
    second = await sent(agency, f"{PATH}:import", workbook(), **key)
    assert first.json()["questionnaire_id"] == second.json()["questionnaire_id"]
    other = await sent(agency, f"{PATH}:import", workbook(C3="Were you greeted?"), **key)
    assert other.status_code == 422
    assert await database.questionnaires.count_documents({}) == 1


async def test_every_problem_names_sheet_row_and_column_and_nothing_is_kept(
    agency: Caller, database: Database
) -> None:
    answer = await sent(agency, f"{PATH}:import", workbook(A4="geoshape", B3="phone", C2=""))
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert {(each["sheet"], each["row"], each["column"]) for each in problems} >= {
        ("survey", 4, "type"),
        ("survey", 3, "name"),
        ("survey", 2, "label"),
    }
    assert {"field", "cause"} <= answer.json()["errors"][0].keys()
    assert await database.questionnaires.count_documents({}) == 0


async def test_what_is_no_workbook_is_refused(agency: Caller) -> None:
    for content in (b"", b"type,name\ntext,q", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old"):
        answer = await sent(agency, f"{PATH}:import", content)
        assert answer.status_code == 422, answer.text
        assert answer.json()["problems"]
    wrong = await agency("POST", f"{PATH}:import", json=EXAMPLE)
    assert wrong.status_code == 415
    large = await sent(agency, f"{PATH}:import", b"PK" + b"x" * 10_500_000)
    assert large.status_code == 413


async def test_another_chain_and_other_roles_cannot_use_it(
    agency: Caller, other_agency: Caller
) -> None:
    made = (await sent(agency, f"{PATH}:import", workbook())).json()
    path = f"{PATH}/{made['questionnaire_id']}/versions"
    assert (await other_agency("GET", f"{path}/1:export")).status_code == 404
    assert (await sent(other_agency, f"{path}:import", workbook())).status_code == 404
    manager = await agency.with_key(role="chain_manager")
    assert (await sent(manager, f"{PATH}:import", workbook())).status_code == 403
