"""Attributes of branches: by hand, by file, in events."""

import json
from typing import Any

import pytest

from incognita_assignment.attributes import MOST, fault_of, name_fault, value_of_cell

from .conftest import Caller, Database
from .importing import counts, refused, send
from .test_branches import BRANCH, make

HEADER = "store_id,address,city,attribute:drive_through,attr_seats,Attribute: Format\n"
COLLECTION = {"type": "FeatureCollection"}


async def told(database: Database) -> list[Any]:
    """The attributes in each event of the only branch, in order."""
    stored = await database.branches.find_one()
    assert stored
    return [json.loads(each["value"])["attributes"] for each in stored["pending"]]


async def test_attributes_are_set_changed_and_taken_away_one_by_one(
    agency: Caller, database: Database
) -> None:
    path = await make(agency, attributes={"drive_through": True, "seats": 40, "format": " Über "})
    first = (await agency.get(path))["attributes"]
    assert first == {"drive_through": True, "format": "Über", "seats": 40}
    changed = await agency("PATCH", path, json={"attributes": {"seats": None, "floor": -1.5}})
    assert changed.json()["attributes"] == {"drive_through": True, "floor": -1.5, "format": "Über"}
    same = await agency("PATCH", path, json={"attributes": {"floor": -1.5, "seats": None}})
    assert same.json()["version"] == changed.json()["version"] == 2
    assert await told(database) == [first, changed.json()["attributes"]]


async def test_true_is_not_one(agency: Caller) -> None:
    path = await make(agency, attributes={"terrace": 1})
    changed = await agency("PATCH", path, json={"attributes": {"terrace": True}})
    assert (changed.json()["attributes"], changed.json()["version"]) == ({"terrace": True}, 2)


@pytest.mark.parametrize(
    "attributes",
    [
        {"a.b": 1},
        {"": 1},
        {"Größe": 1},
        {"x" * 65: 1},
        {"city": "Detroit"},
        {"ownership": "company"},
        {"a": "x" * 201},
        {"a": "\u0000"},
        {"a": 10**13},
        {"a": [1]},
        {"a": {"b": 1}},
        {f"a{number}": 1 for number in range(MOST + 1)},
        "none",
    ],
    ids=str,
)
async def test_what_is_no_attribute_is_refused_by_its_name(agency: Caller, attributes: Any) -> None:
    answer = await agency("POST", "/v1/branches", json={**BRANCH, "attributes": attributes})
    assert answer.status_code == 422
    assert all(each["field"].startswith("attributes") for each in answer.json()["errors"])


async def test_a_branch_has_a_bounded_number_of_attributes(agency: Caller) -> None:
    path = await make(agency, attributes={f"a{number}": 1 for number in range(MOST)})
    more = await agency("PATCH", path, json={"attributes": {"one_more": 1}})
    assert more.status_code == 422
    swapped = await agency("PATCH", path, json={"attributes": {"one_more": 1, "a0": None}})
    assert swapped.status_code == 200
    crowded = await send(agency, "store_id,address,city,attr_b\n1,A 1,Detroit,7\n")
    assert counts(crowded) == {"rows": 1, "rejected": 1}
    assert crowded["problems"][0]["field"] == "attributes"


async def test_columns_of_a_file_set_attributes_and_blank_cells_leave_them(agency: Caller) -> None:
    rows = "1,A 1,Detroit,TRUE,40,express\n2,A 2,Detroit,no,007,\n"
    assert counts(await send(agency, HEADER + rows)) == {"rows": 2, "created": 2}
    found = (await agency.get("/v1/branches", store_id="1"))["items"][0]
    assert found["attributes"] == {"Format": "express", "drive_through": True, "seats": 40}
    found = (await agency.get("/v1/branches", store_id="2"))["items"][0]
    assert found["attributes"] == {"drive_through": "no", "seats": "007"}
    assert counts(await send(agency, HEADER + rows)) == {"rows": 2, "unchanged": 2}
    again = await send(agency, HEADER + "1,A 1,Detroit,,41,\n")
    assert counts(again) == {"rows": 1, "updated": 1}
    found = (await agency.get("/v1/branches", store_id="1"))["items"][0]
    assert found["attributes"] == {"Format": "express", "drive_through": True, "seats": 41}


async def test_a_bad_value_is_named_by_row_and_column(agency: Caller) -> None:
    report = await send(agency, HEADER + f"1,A 1,Detroit,,,{'x' * 201}\n2,A 2,Detroit,,,y\n")
    assert counts(report) == {"rows": 2, "created": 1, "rejected": 1}
    (problem,) = report["problems"]
    assert (problem["row"], problem["field"]) == (1, "attribute:Format")
    assert "201 characters" in problem["cause"]


@pytest.mark.parametrize("column", ["attribute:a.b", "attr_city", "attribute:", "attr_größe"])
async def test_a_bad_name_in_the_header_refuses_the_file(agency: Caller, column: str) -> None:
    problem = await refused(agency, f"store_id,address,city,{column}\n1,A 1,Detroit,x\n")
    assert problem["errors"][0]["field"] == column
    assert problem["rows_applied"] == 0


async def test_an_attribute_that_is_there_twice_refuses_the_file(agency: Caller) -> None:
    problem = await refused(agency, "store_id,address,city,attr_x,attribute:x\n1,A,B,1,2\n")
    assert problem["errors"][0]["field"] == "attribute:x"


async def test_properties_of_a_feature_set_attributes_of_their_own_types(agency: Caller) -> None:
    attributes = {"drive_through": True, "seats": 40, "area": 12.5, "note": "true", "none": None}
    good = feature("1", attributes)
    bad = [feature("2", {"a.b": 1}), feature("3", {"a": [1]}), feature("4", ["x"])]
    content = json.dumps({**COLLECTION, "features": [good, *bad]})
    report = await send(agency, content, format="geojson")
    assert counts(report) == {"rows": 4, "created": 1, "rejected": 3}
    named = [(each["row"], each["field"]) for each in report["problems"]]
    assert named == [(2, "attribute:a.b"), (3, "attributes.a.*"), (4, "attributes.*")]
    (found,) = (await agency.get("/v1/branches"))["items"]
    assert found["attributes"] == {
        "area": 12.5, "drive_through": True, "note": "true", "seats": 40,
    }  # fmt: skip
    again = await send(agency, json.dumps({**COLLECTION, "features": [good]}), format="geojson")
    assert counts(again) == {"rows": 1, "unchanged": 1}


def feature(store_id: str, attributes: Any) -> dict[str, Any]:
    properties = {"store_id": store_id, "address": "A 1", "city": "D", "attributes": attributes}
    return {"type": "Feature", "geometry": None, "properties": properties}


async def test_a_branch_of_an_earlier_release_has_no_attributes_and_can_get_some(
    agency: Caller, database: Database
) -> None:
    path = await make(agency)
    await database.branches.update_one({}, {"$unset": {"attributes": ""}})
    assert (await agency.get(path))["attributes"] == {}
    renamed = await agency("PATCH", path, json={"name": "Other"})
    assert renamed.json()["attributes"] == {}
    changed = await agency("PATCH", path, json={"attributes": {"seats": 4}})
    assert changed.json()["attributes"] == {"seats": 4}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("true", True), ("FALSE", False), ("0", 0), ("-3", -3), ("2.50", 2.5), ("007", "007"),
        ("1,5", "1,5"), ("+4", "+4"), ("1e3", "1e3"), ("4915112345678", "4915112345678"),
        ("12.", "12."), ("", ""), ("yes", "yes"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_a_cell_is_a_truth_value_a_plain_number_or_text(cell: str, value: object) -> None:
    found = value_of_cell(cell)
    assert (type(found), found) == (type(value), value)


def test_names_and_values_that_no_condition_could_use_are_named() -> None:
    assert name_fault("drive-through:2_a") is None
    assert "field of the branch" in (name_fault("region") or "")
    assert fault_of(True) is None
    assert fault_of(float("nan"))
    assert fault_of(float("inf"))
    assert fault_of(None)


@pytest.mark.parametrize(
    "attributes", ['{"\\ud800": 1}', '{"\\u0000": 1}', '{"a": {"\\ud800": 1}}', '{"a": "\\u0000"}']
)
async def test_a_name_that_no_text_should_hold_is_told_in_one_that_any_reader_can_take(
    agency: Caller, attributes: str
) -> None:
    good = json.dumps({**COLLECTION, "features": [feature("1", "HERE")]})
    report = await send(agency, good.replace('"HERE"', attributes), format="geojson")
    assert counts(report) == {"rows": 1, "rejected": 1}
    assert report["problems"][0]["field"].startswith("attribute")
    assert "\0" not in report["problems"][0]["field"]
