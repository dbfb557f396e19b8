"""Imports over HTTP, on the real database: what they refuse, and how they say so."""

import io

import pytest

from incognita_assignment.imports import applying
from incognita_assignment.imports.csv_rows import csv_rows
from incognita_assignment.routes.imports import PATH
from incognita_shared.mongo.client import connect
from incognita_shared.problems import Unavailable
from incognita_shared.settings import MongoSettings

from .conftest import Caller, Database
from .importing import HEADER, TWO, counts, refused, send


async def test_a_bad_row_is_named_and_the_rest_is_imported(agency: Caller) -> None:
    content = (
        TWO + "3,Three,,Detroit,MI,1,1,F\n1,Again,Main St 9,Detroit,MI,1,1,F\n4,x\n5,,A,B,,1,1,F\n"
    )
    report = await send(agency, content)
    assert counts(report) == {"rows": 6, "created": 3, "rejected": 3}
    assert [
        (each["row"], each["line"], each["field"], each["severity"]) for each in report["problems"]
    ] == [
        (3, 4, "address", "error"),
        (4, 5, "store_id", "error"),
        (5, 6, "row", "error"),
    ]
    assert "row 1" in report["problems"][1]["cause"]
    assert (await agency.get("/v1/branches", store_id="1"))["items"][0]["name"] == "One"


async def test_a_row_after_a_rejected_one_of_the_same_store_counts(agency: Caller) -> None:
    report = await send(agency, HEADER + "1,,,Detroit,,1,1,F\n1,,Main St,Detroit,,1,1,F\n")
    assert counts(report) == {"rows": 2, "created": 1, "rejected": 1}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (TWO.encode() + b"3,caf\xe9,Main St,Detroit,MI,1,1,F\n", "row 3"),
        ("name,city\nx,y\n", "store_id"),
        (TWO + "3," + "x" * 10_000_000 + ",Main St,Detroit,MI,1,1,F\n", "row 3"),
        (TWO + '3,"open,Main St,Detroit,MI,1,1,F\n', "row 3"),
        ("", "file"),
    ],
    ids=["encoding", "column", "cell", "quote", "empty"],
)
async def test_a_broken_file_changes_nothing(
    agency: Caller,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    content: str | bytes,
    field: str,
) -> None:
    monkeypatch.setattr(applying, "BATCH", 1)
    problem = await refused(agency, content)
    assert problem["rows_applied"] == 0
    assert problem["errors"][0]["field"] == field
    assert await database.branches.count_documents({}) == 0


async def test_a_file_over_the_limit_is_refused(agency: Caller, database: Database) -> None:
    answer = await agency("POST", PATH, params={"format": "csv"}, content=b"x" * 30_000_001)
    assert answer.status_code == 413
    assert await database.branches.count_documents({}) == 0


async def test_the_format_must_be_said_one_way_or_the_other(agency: Caller) -> None:
    answer = await agency("POST", PATH, content=TWO, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "format" in answer.json()["detail"]
    answer = await agency("POST", PATH, content=TWO, params={"format": "xlsx"})
    assert answer.status_code == 422


async def test_a_new_branch_without_any_time_zone_is_rejected(agency: Caller) -> None:
    answer = await agency("POST", PATH, content=TWO, params={"format": "csv"})
    assert counts(answer.json()) == {"rows": 2, "rejected": 2}
    await send(agency, TWO)
    again = await agency("POST", PATH, content=TWO, params={"format": "csv"})
    assert counts(again.json()) == {"rows": 2, "unchanged": 2}


async def test_nothing_is_closed_by_a_file_with_rejected_rows(agency: Caller) -> None:
    await send(agency, TWO)
    report = await send(agency, HEADER + "2,,,,,,,\n", close_missing=True)
    assert counts(report) == {"rows": 1, "rejected": 1, "warnings": 1}
    assert report["problems"][-1]["field"] == "close_missing"
    assert report["problems"][-1]["row"] is None


async def test_counts_are_complete_and_the_first_thousand_problems_shown(agency: Caller) -> None:
    content = HEADER + "".join(f"{number},,,Detroit,,1,1,F\n" for number in range(1_200))
    report = await send(agency, content)
    assert counts(report) == {"rows": 1_200, "rejected": 1_200}
    assert len(report["problems"]) == 1_000


async def test_a_database_that_fails_is_told_with_the_rows_applied(
    mongo_settings: MongoSettings,
) -> None:
    client = connect(mongo_settings, "test")
    await client.close()
    options = applying.Options(defaults={"time_zone": "UTC"})
    with pytest.raises(Unavailable) as raised:
        await applying.import_branches(
            client.get_database("gone"), "c1", io.BytesIO(TWO.encode()), csv_rows, options
        )
    assert raised.value.extras == {"rows_applied": 0}


async def test_the_chain_or_its_agency_imports_and_nobody_else(
    agency: Caller, operator: Caller
) -> None:
    await send(await agency.with_key(role="chain_manager"), TWO)
    for caller in (await agency.with_key(role="reviewer"), operator):
        answer = await caller("POST", PATH, params={"format": "csv"}, content=TWO)
        assert answer.status_code == 403
