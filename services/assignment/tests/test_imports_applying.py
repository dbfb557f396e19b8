"""Imports over HTTP, on the real database: what they change."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from incognita_assignment.imports import applying
from incognita_assignment.routes.imports import PATH

from .conftest import Caller, Database, pending
from .importing import HEADER, TWO, counts, send

STORES = Path(__file__).parents[3] / "examples" / "stores" / "little_caesars_us.csv"


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


async def test_two_imports_of_one_file_at_once_make_each_branch_once(
    agency: Caller, database: Database
) -> None:
    content = HEADER + "".join(f"{n},,Main St,Detroit,,1,1,F\n" for n in range(700))
    reports = await asyncio.gather(*(send(agency, content) for _ in range(3)))
    assert await database.branches.count_documents({}) == 700
    assert await database.branches.count_documents({"version": 1}) == 700
    assert all(report["rejected"] == 0 for report in reports)


async def test_imports_at_once_of_different_columns_are_both_kept(
    agency: Caller, database: Database
) -> None:
    def file(column: str, value: str) -> str:
        rows = "".join(f"{n},Main St,Detroit,{value}\n" for n in range(400))
        return f"store_id,address,city,{column}\n{rows}"

    await send(agency, file("name", "One"))
    files = file("state", "MI"), file("zip", "48201"), file("franchisee", "F1")
    reports = await asyncio.gather(*(send(agency, each) for each in files))
    assert [report["updated"] for report in reports] == [400] * 3
    wanted = {"region": "MI", "postal_code": "48201", "franchisee_id": "F1", "version": 4}
    assert await database.branches.count_documents(wanted) == 400


async def test_the_same_store_ids_of_two_chains_are_different_branches(
    agency: Caller, other_agency: Caller, database: Database
) -> None:
    await send(agency, TWO)
    assert counts(await send(other_agency, TWO)) == {"rows": 2, "created": 2}
    assert await database.branches.count_documents({}) == 4
    assert len((await other_agency.get("/v1/branches"))["items"]) == 2
