"""Programmes."""

from .conftest import Caller

PROGRAMME = {"name": "Delivery 2026", "purpose": "Are the standards kept?"}


async def test_a_programme_is_made_listed_and_shown(agency: Caller, other_agency: Caller) -> None:
    made = await agency.post("/v1/programmes", PROGRAMME)
    path = f"/v1/programmes/{made['programme_id']}"
    assert await agency.get(path) == made
    assert (await agency.get("/v1/programmes"))["items"] == [made]
    assert (await other_agency("GET", path)).status_code == 404
    assert (await other_agency.get("/v1/programmes"))["items"] == []


async def test_the_same_idempotency_key_makes_one_programme(agency: Caller) -> None:
    headers = {"Idempotency-Key": "p1"}
    first = await agency.post("/v1/programmes", PROGRAMME, headers=headers)
    assert await agency.post("/v1/programmes", PROGRAMME, headers=headers) == first


async def test_idempotency_keys_of_two_chains_do_not_meet(
    agency: Caller, other_agency: Caller
) -> None:
    headers = {"Idempotency-Key": "p1"}
    first = await agency.post("/v1/programmes", PROGRAMME, headers=headers)
    second = await other_agency.post("/v1/programmes", PROGRAMME, headers=headers)
    assert first["programme_id"] != second["programme_id"]
