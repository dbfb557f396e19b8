"""API keys: shown once, bound to what their role needs, revocable."""

import json

import pytest

from incognita_shared.auth import REMEMBERED_S

from .conftest import Caller, Database, pending


async def shopper_of(agency: Caller, email: str = "ada@example.org") -> str:
    made = await agency.post("/v1/shoppers", {"name": "Ada", "email": email})
    return str(made["shopper_id"])


async def test_the_key_is_shown_once_and_only_its_hash_is_kept(
    agency: Caller, database: Database
) -> None:
    made = await agency.post("/v1/keys", {"role": "reviewer", "name": "Review desk"})
    secret = made["key"].split("_", 2)[2]
    stored = await database.api_keys.find_one({"_id": made["key_id"]})
    assert stored
    assert secret not in str(stored)
    listed = (await agency.get("/v1/keys"))["items"]
    assert made["key_id"] in [each["key_id"] for each in listed]
    assert not any("key" in each or "secret_sha256" in each for each in listed)
    (event,) = pending(stored)
    assert event["ce_type"] == "incognita.api_key.changed.v1"
    told = json.loads(stored["pending"][0]["value"])
    assert told["secret_sha256"] == stored["secret_sha256"]
    assert told["role"] == "reviewer"
    reviewer = Caller(agency.http, made["key"])
    await reviewer.get("/v1/branches")


async def test_a_revoked_key_is_refused_and_stays_listed(
    agency: Caller, database: Database
) -> None:
    reviewer_key = await agency.post("/v1/keys", {"role": "reviewer", "name": "Review desk"})
    path = f"/v1/keys/{reviewer_key['key_id']}"
    for _ in range(2):
        assert (await agency("DELETE", path)).status_code == 204
    stored = await database.api_keys.find_one({"_id": reviewer_key["key_id"]})
    assert stored
    assert (stored["revoked"], stored["version"], len(stored["pending"])) == (True, 2, 2)
    assert REMEMBERED_S <= 2  # this caller has not been remembered yet, others are for so long
    reviewer = Caller(agency.http, reviewer_key["key"])
    assert (await reviewer("GET", "/v1/branches")).status_code == 401


@pytest.mark.parametrize(
    "rights",
    [
        {"role": "operator"},
        {"role": "shopper"},
        {"role": "branch_manager"},
        {"role": "franchise_manager"},
        {"role": "agency", "shopper_id": "x"},
        {"role": "reviewer", "franchisee_id": "x"},
        {"role": "branch_manager", "branch_ids": ["nobody"]},
        {"role": "shopper", "shopper_id": "nobody"},
    ],
)
async def test_a_key_is_bound_to_exactly_what_its_role_needs(
    agency: Caller, rights: dict[str, object]
) -> None:
    answer = await agency("POST", "/v1/keys", json={"name": "of a test", **rights})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_a_chain_manager_sees_no_key_of_a_shopper(agency: Caller) -> None:
    shopper_id = await shopper_of(agency)
    shopper = await agency.post(
        "/v1/keys", {"role": "shopper", "name": "Ada's phone", "shopper_id": shopper_id}
    )
    manager = await agency.with_key(role="chain_manager")
    text = (await manager("GET", "/v1/keys")).text
    assert shopper_id not in text
    assert "Ada" not in text
    assert [each["role"] for each in json.loads(text)["items"]] == ["chain_manager"]
    assert (await manager("DELETE", f"/v1/keys/{shopper['key_id']}")).status_code == 404
    assert (await manager("POST", "/v1/keys", json={})).status_code == 403


async def test_keys_of_another_chain_are_unknown(agency: Caller, other_agency: Caller) -> None:
    made = await agency.post("/v1/keys", {"role": "reviewer", "name": "Review desk"})
    assert (await other_agency("DELETE", f"/v1/keys/{made['key_id']}")).status_code == 404
    foreign = {
        "role": "shopper",
        "name": "of a test",
        "shopper_id": await shopper_of(agency),
    }
    assert (await other_agency("POST", "/v1/keys", json=foreign)).status_code == 422


async def test_the_operator_lists_and_revokes_a_chains_keys(
    operator: Caller, agency: Caller
) -> None:
    path = f"/v1/chains/{agency.chain_id}/keys"
    (listed,) = (await operator.get(path))["items"]
    assert (await operator("DELETE", f"{path}/{listed['key_id']}")).status_code == 204
    assert (await operator.get(path))["items"][0]["revoked"]
    assert (await operator("POST", "/v1/chains/nobody/keys", json={"role": "agency", "name": "x"})
            ).status_code == 404  # fmt: skip
