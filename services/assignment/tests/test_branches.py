"""Branches, one by one, and as planning reads them."""

import asyncio
from typing import Any

import pytest

from incognita_assignment import branches
from incognita_assignment.repository import branches as repository
from incognita_assignment.schemas.branches import BranchFilter
from incognita_shared.values import Ownership, Position

from .conftest import Caller, Database, pending

BRANCH: dict[str, Any] = {
    "store_id": "1",
    "address": "Main St 1",
    "city": "Detroit",
    "time_zone": "America/Detroit",
    "position": {"latitude": 42.3, "longitude": -83.1},
    "opening_hours": {"sat": [["10:00", "02:00"]]},
    "ownership": "franchise",
}


async def make(caller: Caller, **fields: Any) -> str:
    made = await caller.post("/v1/branches", {**BRANCH, **fields})
    return f"/v1/branches/{made['branch_id']}"


async def test_a_branch_is_made_once_and_shown_as_made(agency: Caller, database: Database) -> None:
    made = await agency.post("/v1/branches", BRANCH)
    assert {
        **BRANCH,
        "position": {**BRANCH["position"], "accuracy_m": None},
    }.items() <= made.items()
    assert made["name"] == "Main St 1"
    assert (made["version"], made["closed"], made["geofence_m"]) == (1, False, 150)
    again = await agency("POST", "/v1/branches", json=BRANCH)
    assert again.status_code == 409
    assert again.json()["branch_id"] == made["branch_id"]
    stored = await database.branches.find_one()
    assert stored
    assert [each["ce_subject"] for each in pending(stored)] == [made["branch_id"]]


async def test_a_change_is_told_and_no_change_is_not(agency: Caller, database: Database) -> None:
    path = await make(agency)
    for _ in range(2):
        answer = await agency("PATCH", path, json={"name": "Corner", "position": None})
        assert answer.status_code == 200
        assert (answer.json()["name"], answer.json()["position"]) == ("Corner", None)
        assert answer.json()["version"] == 2
    stored = await database.branches.find_one()
    assert stored
    assert len(stored["pending"]) == 2


async def test_a_change_made_for_an_older_version_is_refused(agency: Caller) -> None:
    path = await make(agency)
    first = await agency("PATCH", path, json={"name": "A"}, headers={"If-Match": '"1"'})
    assert first.status_code == 200
    late = await agency("PATCH", path, json={"name": "B"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["version"]) == (409, 2)
    bad = await agency("PATCH", path, json={"name": "B"}, headers={"If-Match": "*"})
    assert bad.status_code == 422


async def test_changes_at_once_are_all_kept(agency: Caller) -> None:
    path = await make(agency)
    bodies = [{"name": "A"}, {"region": "MI"}, {"geofence_m": 99}]
    answers = await asyncio.gather(*(agency("PATCH", path, json=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 3
    after = await agency.get(path)
    assert (after["name"], after["region"], after["geofence_m"]) == ("A", "MI", 99)
    assert after["version"] == 4


async def test_a_closed_branch_stays_and_can_be_reopened(agency: Caller) -> None:
    path = await make(agency)
    assert (await agency.post(f"{path}:close"))["closed"]
    assert (await agency.post(f"{path}:close"))["version"] == 2
    assert (await agency.get("/v1/branches", closed=True))["items"]
    assert not (await agency.get("/v1/branches", closed=False))["items"]
    assert not (await agency.post(f"{path}:reopen"))["closed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Mars/Phobos"}, "time_zone"),
        ({"position": {"latitude": 91, "longitude": 0}}, "position.latitude"),
        ({"geofence_m": 0}, "geofence_m"),
        ({"ownership": "stolen"}, "ownership"),
        ({"opening_hours": {"mon": [["10:00", "10:00"]]}}, "opening_hours.mon"),
        ({"opening_hours": {"someday": []}}, "opening_hours.someday.[key]"),
        ({"country": "usa"}, "country"),
        ({"store_id": ""}, "store_id"),
    ],
)
async def test_a_bad_field_is_named(agency: Caller, change: dict[str, Any], field: str) -> None:
    answer = await agency("POST", "/v1/branches", json={**BRANCH, **change})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_null_clears_only_what_can_be_without_value(agency: Caller) -> None:
    path = await make(agency, franchisee_id="F1")
    assert (await agency("PATCH", path, json={"city": None})).status_code == 422
    cleared = await agency("PATCH", path, json={"franchisee_id": None})
    assert cleared.json()["franchisee_id"] is None


async def test_lists_are_filtered_and_paged(agency: Caller) -> None:
    for number in range(5):
        city = "Detroit" if number % 2 else "Flint"
        await make(agency, store_id=str(number), city=city, franchisee_id=f"F{number % 2}")
    first = await agency.get("/v1/branches", limit=3)
    second = await agency.get("/v1/branches", limit=3, cursor=first["next_cursor"])
    stores = [each["store_id"] for each in first["items"] + second["items"]]
    assert sorted(stores) == ["0", "1", "2", "3", "4"]
    assert second["next_cursor"] is None
    for query, count in [
        ({"city": "Detroit"}, 2),
        ({"franchisee_id": "F0"}, 3),
        ({"city": "Detroit", "franchisee_id": "F0"}, 0),
        ({"ownership": "franchise"}, 5),
        ({"store_id": "3"}, 1),
    ]:
        assert len((await agency.get("/v1/branches", **query))["items"]) == count
    assert (await agency("GET", "/v1/branches", params={"cursor": "x"})).status_code == 422


async def test_branches_of_another_chain_are_unknown(agency: Caller, other_agency: Caller) -> None:
    path = await make(agency)
    assert (await other_agency("GET", path)).status_code == 404
    assert (await other_agency("PATCH", path, json={"name": "x"})).status_code == 404
    assert (await other_agency("POST", f"{path}:close")).status_code == 404
    assert not (await agency.get(path))["closed"]


async def test_the_chain_and_its_agency_change_branches_and_a_reviewer_reads(
    agency: Caller,
) -> None:
    path = await make(agency)
    manager = await agency.with_key(role="chain_manager")
    assert (await manager("PATCH", path, json={"name": "x"})).status_code == 200
    reviewer = await agency.with_key(role="reviewer")
    await reviewer.get(path)
    assert (await reviewer("PATCH", path, json={"name": "y"})).status_code == 403
    assert (await reviewer("POST", f"{path}:close")).status_code == 403
    assert (await reviewer("POST", "/v1/branches", json=BRANCH)).status_code == 403


async def test_managers_of_a_franchise_or_a_branch_see_their_own_branches(agency: Caller) -> None:
    paths = [await make(agency, store_id=str(n), franchisee_id=f"F{n % 2}") for n in range(4)]
    ids = [path.rsplit("/", 1)[1] for path in paths]
    franchise = await agency.with_key(role="franchise_manager", franchisee_id="F1")
    branch = await agency.with_key(role="branch_manager", branch_ids=[ids[0]])
    for caller, own in [(franchise, {ids[1], ids[3]}), (branch, {ids[0]})]:
        page = await caller.get("/v1/branches", limit=1)
        seen = {each["branch_id"] for each in page["items"]}
        while page["next_cursor"]:
            page = await caller.get("/v1/branches", limit=1, cursor=page["next_cursor"])
            seen |= {each["branch_id"] for each in page["items"]}
        assert seen == own
        assert (await caller("GET", paths[2])).status_code == 404
        foreign = await caller.get("/v1/branches", store_id="2")
        assert foreign["items"] == []
        assert (await caller("PATCH", paths[2], json={"name": "x"})).status_code == 403


async def test_planning_reads_open_branches_that_pass_the_filter(
    agency: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "PAGE", 2)
    for number in range(5):
        await make(agency, store_id=str(number), city="Flint" if number == 4 else "Detroit")
    closed = branches.branch_id_of(agency.chain_id, "0")
    await agency.post(f"/v1/branches/{closed}:close")

    async def stores(**criteria: Any) -> int:
        wanted = BranchFilter(**criteria)
        found = repository.open_branches(database, agency.chain_id, wanted)
        return len([branch async for branch in found])

    assert await stores() == 4
    assert await stores(cities=("Flint",)) == 1
    assert await stores(cities=("Detroit",), ownership=(Ownership.COMPANY,)) == 0
    assert await stores(branch_ids=(closed,)) == 0
    assert await stores(store_ids=("1", "2", "9")) == 2

    flint = repository.open_branches(database, agency.chain_id, BranchFilter(cities=("Flint",)))
    (branch,) = [each async for each in flint]
    assert (branch.name, branch.opening_hours) == ("Main St 1", BRANCH["opening_hours"])
    assert branch.position == Position(latitude=42.3, longitude=-83.1)
