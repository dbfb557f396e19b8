"""Shoppers, whose personal data nobody but the agency sees."""

import logging
from typing import Any

import pytest

from incognita_assignment import keys
from incognita_assignment.repository.shoppers import list_shoppers

from .conftest import Caller, Database

ADA: dict[str, Any] = {
    "name": "Ada Example",
    "email": "Ada@Example.org",
    "phone": "+1 313 555 0100",
    "languages": ["en", "pt-BR"],
    "skills": ["Delivery"],
    "home": {"latitude": 42.33, "longitude": -83.05},
    "capacity": 3,
}


def many(count: int) -> list[dict[str, Any]]:
    return [{**ADA, "email": f"shopper{number}@example.org"} for number in range(count)]


async def test_a_shopper_is_made_shown_and_changed(agency: Caller) -> None:
    made = await agency.post("/v1/shoppers", ADA)
    path = f"/v1/shoppers/{made['shopper_id']}"
    assert made["skills"] == ["delivery"]
    assert await agency.get(path) == made
    changed = await agency("PATCH", path, json={"active": False, "phone": None})
    assert (changed.json()["active"], changed.json()["phone"]) == (False, None)
    assert (await agency.get("/v1/shoppers", active=True))["items"] == []
    assert len((await agency.get("/v1/shoppers", active=False))["items"]) == 1


async def test_an_e_mail_belongs_to_one_shopper_of_a_chain(
    agency: Caller, other_agency: Caller
) -> None:
    await agency.post("/v1/shoppers", ADA)
    again = await agency("POST", "/v1/shoppers", json={**ADA, "email": "ada@example.ORG"})
    assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "email")
    other = await agency.post("/v1/shoppers", {**ADA, "email": "eve@example.org"})
    path = f"/v1/shoppers/{other['shopper_id']}"
    taken = await agency("PATCH", path, json={"email": "ada@example.org"})
    assert taken.status_code == 409
    assert "ada@" not in taken.text
    await other_agency.post("/v1/shoppers", ADA)


async def test_the_same_idempotency_key_makes_one_shopper(agency: Caller) -> None:
    headers = {"Idempotency-Key": "s1"}
    first = await agency.post("/v1/shoppers", ADA, headers=headers)
    assert await agency.post("/v1/shoppers", ADA, headers=headers) == first
    other = {**ADA, "name": "Eve"}
    assert (await agency("POST", "/v1/shoppers", json=other, headers=headers)).status_code == 422


async def test_a_thousand_shoppers_get_a_key_each(agency: Caller, database: Database) -> None:
    body = {"shoppers": many(1_000), "with_keys": True}
    made = (await agency.post("/v1/shoppers:batch", body))["items"]
    assert len({each["key"] for each in made}) == 1_000
    assert await database.shoppers.count_documents({}) == 1_000
    assert (
        await database.api_keys.count_documents({"role": "shopper", "has_pending": True}) == 1_000
    )
    first = await agency.get(f"/v1/shoppers/{made[0]['shopper_id']}")
    assert first["email"] == "shopper0@example.org"
    key = await database.api_keys.find_one({"_id": made[0]["key_id"]})
    assert key
    assert key["shopper_id"] == made[0]["shopper_id"]
    shopper = Caller(agency.http, made[0]["key"])
    assert (await shopper("GET", "/v1/shoppers")).status_code == 403


async def test_a_batch_is_made_whole_or_not_at_all(agency: Caller, database: Database) -> None:
    await agency.post("/v1/shoppers", {**ADA, "email": "shopper2@example.org"})
    body = {"shoppers": [*many(3), {**ADA, "email": "SHOPPER0@example.org"}], "with_keys": True}
    answer = await agency("POST", "/v1/shoppers:batch", json=body)
    assert answer.status_code == 409
    fields = [each["field"] for each in answer.json()["errors"]]
    assert fields == ["shoppers[2].email", "shoppers[3].email"]
    assert await database.shoppers.count_documents({}) == 1
    assert await database.api_keys.count_documents({"role": "shopper"}) == 0


async def test_without_their_keys_no_shoppers_are_made(
    agency: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "new_api_key", lambda: ("same", "secret", "inc_same_secret"))
    answer = await agency(
        "POST", "/v1/shoppers:batch", json={"shoppers": many(2), "with_keys": True}
    )
    assert answer.status_code == 409
    assert await database.shoppers.count_documents({}) == 0
    assert await database.api_keys.count_documents({"role": "shopper"}) == 0


async def test_a_repeated_batch_makes_nothing_twice(agency: Caller, database: Database) -> None:
    headers = {"Idempotency-Key": "b1"}
    body = {"shoppers": many(3)}
    first = await agency.post("/v1/shoppers:batch", body, headers=headers)
    assert await agency.post("/v1/shoppers:batch", body, headers=headers) == first
    with_keys = {"shoppers": [ADA], "with_keys": True}
    headers = {"Idempotency-Key": "b2"}
    await agency.post("/v1/shoppers:batch", with_keys, headers=headers)
    again = await agency("POST", "/v1/shoppers:batch", json=with_keys, headers=headers)
    assert again.status_code == 409
    assert len(again.json()["shopper_ids"]) == 1
    assert await database.api_keys.count_documents({"role": "shopper"}) == 1


@pytest.mark.parametrize("role", ["reviewer", "chain_manager"])
async def test_nobody_but_the_agency_sees_shoppers(agency: Caller, role: str) -> None:
    made = await agency.post("/v1/shoppers", ADA)
    caller = await agency.with_key(role=role)
    path = f"/v1/shoppers/{made['shopper_id']}"
    for method, address in [
        ("GET", "/v1/shoppers"),
        ("GET", path),
        ("PATCH", path),
        ("POST", "/v1/shoppers"),
        ("POST", "/v1/shoppers:batch"),
    ]:
        assert (await caller(method, address, json={})).status_code == 403


async def test_shoppers_of_another_chain_are_unknown(agency: Caller, other_agency: Caller) -> None:
    made = await agency.post("/v1/shoppers", ADA)
    path = f"/v1/shoppers/{made['shopper_id']}"
    assert (await other_agency("GET", path)).status_code == 404
    assert (await other_agency("PATCH", path, json={"name": "Eve"})).status_code == 404


async def test_personal_data_are_in_no_event_and_no_log(
    agency: Caller, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await agency.post("/v1/shoppers:batch", {"shoppers": [ADA], "with_keys": True})
        await agency("POST", "/v1/shoppers", json=ADA)
    told = str([each async for each in database.api_keys.find({}, {"pending": 1, "name": 1})])
    ours = [each for each in caplog.records if each.name.startswith("incognita")]
    logged = "".join(str(each.__dict__) for each in ours)
    for text in (told, logged):
        assert text
        for secret in ("Ada", "ada@", "313 555"):
            assert secret not in text


async def test_planning_reads_what_matching_needs(agency: Caller, database: Database) -> None:
    await agency.post("/v1/shoppers", ADA)
    (shopper,) = await list_shoppers(database, agency.chain_id)
    assert shopper.home
    assert (shopper.home.latitude, shopper.capacity, shopper.active) == (42.33, 3, True)
    assert shopper.skills == {"delivery"}
    assert shopper.languages == {"en", "pt-BR"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"languages": []}, "languages"),
        ({"capacity": -1}, "capacity"),
        ({"home": {"latitude": 1}}, "home.longitude"),
        ({"rating": 5}, "rating"),
    ],
)
async def test_a_bad_field_is_named(agency: Caller, change: dict[str, Any], field: str) -> None:
    answer = await agency("POST", "/v1/shoppers", json={**ADA, **change})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
