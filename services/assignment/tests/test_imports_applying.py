"""Imports over HTTP, on the real database."""

import asyncio
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from incognita_assignment.imports import applying
from incognita_assignment.imports.csv_rows import csv_rows
from incognita_assignment.routes.imports import PATH
from incognita_shared.mongo.client import connect
from incognita_shared.problems import Unavailable
from incognita_shared.settings import MongoSettings

from .conftest import Caller, Database, pending

STORES = Path(__file__).parents[3] / "examples" / "stores" / "little_caesars_us.csv"
HEADER = "store_id,name,address,city,state,lat,lon,ownership\n"
TWO = HEADER + "1,One,Main St 1,Detroit,MI,42.3,-83.1,F\n2,Two,Main St 2,Detroit,MI,42.4,-83.2,C\n"


async def send(caller: Caller, content: str | bytes, **query: Any) -> dict[str, Any]:
    query = {"format": "csv", "time_zone": "America/Detroit", **query}
    answer = await caller("POST", PATH, params=query, content=content)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    counted = report["created"] + report["updated"] + report["unchanged"] + report["rejected"]
    assert counted == report["rows"]
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in report.items() if name != "problems" and count}


async def refused(caller: Caller, content: str | bytes, **query: Any) -> dict[str, Any]:
    query = {"format": "csv", "time_zone": "America/Detroit", **query}
    answer = await caller("POST", PATH, params=query, content=content)
    assert answer.status_code == 422, answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def test_a_real_chain_is_imported_once_and_the_same_file_again_changes_nothing(
    agency: Caller, database: Database
) -> None:
    content = STORES.read_bytes()
    first = await send(agency, content, country="US")
    assert counts(first) == {"rows": 5154, "created": 5154, "warnings": 15}
    assert Counter(each["field"] for each in first["problems"]) == {
        "latitude": 9,
        "address": 3,
        "ownership": 3,
    }
    ownership = [each["row"] for each in first["problems"] if each["field"] == "ownership"]
    assert len(ownership) == 3
    assert await database.branches.count_documents({"has_pending": True}) == 5154

    before = await database.branches.find().sort("_id").to_list()
    again = await send(agency, content, country="US")
    assert counts(again) == {"rows": 5154, "unchanged": 5154, "warnings": 15}
    assert await database.branches.find().sort("_id").to_list() == before


async def test_a_changed_row_updates_its_branch_and_tells_of_it(
    agency: Caller, database: Database
) -> None:
    await send(agency, TWO)
    report = await send(agency, TWO.replace("Two,Main", "Two,Side"))
    assert counts(report) == {"rows": 2, "updated": 1, "unchanged": 1}
    changed = await database.branches.find_one({"store_id": "2"})
    assert changed
    assert (changed["version"], changed["address"]) == (2, "Side St 2")
    assert [each["ce_type"] for each in pending(changed)] == ["incognita.branch.changed.v1"] * 2
    event = json.loads(changed["pending"][1]["value"])
    assert (event["version"], event["address"]) == (2, "Side St 2")
    unchanged = await database.branches.find_one({"store_id": "1"})
    assert unchanged
    assert len(unchanged["pending"]) == 1


async def test_what_a_file_does_not_say_stays(agency: Caller) -> None:
    await send(agency, TWO)
    branch = (await agency.get("/v1/branches", store_id="1"))["items"][0]
    path = f"/v1/branches/{branch['branch_id']}"
    await agency("PATCH", path, json={"geofence_m": 300, "time_zone": "UTC"})
    report = await send(agency, HEADER + "1,,Main St 1,Detroit,,0,0,\n", geofence_m=50)
    assert counts(report) == {"rows": 1, "unchanged": 1, "warnings": 2}
    after = await agency.get(path)
    assert after["position"] == branch["position"]
    assert (after["geofence_m"], after["time_zone"], after["name"]) == (300, "UTC", "One")


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
    agency: Caller, database: Database, content: str | bytes, field: str
) -> None:
    problem = await refused(agency, content)
    assert problem["rows_applied"] == 0
    assert problem["errors"][0]["field"] == field
    assert await database.branches.count_documents({}) == 0


async def test_a_file_over_the_limit_is_refused(agency: Caller, database: Database) -> None:
    answer = await agency("POST", PATH, params={"format": "csv"}, content=b"x" * 30_000_001)
    assert answer.status_code == 413
    assert await database.branches.count_documents({}) == 0


async def test_geo_json_and_csv_make_the_same_branches(agency: Caller) -> None:
    await send(agency, HEADER + "1,One,Main St 1,Detroit,MI,42.3,-83.1,F\n")
    properties = {"ref": 1, "name": "One", "addr:full": "Main St 1", "addr:city": "Detroit"}
    feature = {
        "type": "Feature",
        "properties": {**properties, "addr:state": "MI", "ownership": "franchise"},
        "geometry": {"type": "Point", "coordinates": [-83.1, 42.3]},
    }
    answer = await agency(
        "POST",
        PATH,
        content=json.dumps({"type": "FeatureCollection", "features": [feature]}),
        headers={"Content-Type": "application/geo+json"},
    )
    assert counts(answer.json()) == {"rows": 1, "unchanged": 1}


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


async def test_stores_are_closed_and_reopened_by_column_or_by_being_missing(
    agency: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "BATCH", 1)
    await send(agency, TWO)
    with_column = "store_id,address,city,closed\n1,Main St 1,Detroit,yes\n"
    assert counts(await send(agency, with_column)) == {"rows": 1, "updated": 1, "closed": 1}
    # a list that doesn't claim to be complete leaves a closed store closed
    assert counts(await send(agency, TWO)) == {"rows": 2, "unchanged": 2}
    only_one = "".join(TWO.splitlines(keepends=True)[:2])
    report = await send(agency, only_one, close_missing=True)
    assert counts(report) == {"rows": 1, "updated": 1, "reopened": 1, "closed": 1}
    closed = await agency.get("/v1/branches", closed=True)
    assert [each["store_id"] for each in closed["items"]] == ["2"]


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


async def test_two_imports_of_one_file_at_once_make_each_branch_once(
    agency: Caller, database: Database
) -> None:
    content = HEADER + "".join(f"{n},,Main St,Detroit,,1,1,F\n" for n in range(700))
    reports = await asyncio.gather(*(send(agency, content) for _ in range(3)))
    assert await database.branches.count_documents({}) == 700
    assert await database.branches.count_documents({"version": 1}) == 700
    assert all(report["rejected"] == 0 for report in reports)


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


async def test_the_same_store_ids_of_two_chains_are_different_branches(
    agency: Caller, other_agency: Caller, database: Database
) -> None:
    await send(agency, TWO)
    assert counts(await send(other_agency, TWO)) == {"rows": 2, "created": 2}
    assert await database.branches.count_documents({}) == 4
    assert len((await other_agency.get("/v1/branches"))["items"]) == 2


async def test_the_chain_or_its_agency_imports_and_nobody_else(
    agency: Caller, operator: Caller
) -> None:
    await send(await agency.with_key(role="chain_manager"), TWO)
    for caller in (await agency.with_key(role="reviewer"), operator):
        answer = await caller("POST", PATH, params={"format": "csv"}, content=TWO)
        assert answer.status_code == 403
