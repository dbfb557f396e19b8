"""Chains, made by the operator."""

from .conftest import Caller, Database, pending

CHAIN = {"name": "Corner Pizza", "languages": ["en", "fr"]}


async def test_a_new_chain_is_told_to_all_services(operator: Caller, database: Database) -> None:
    made = await operator.post("/v1/chains", CHAIN)
    stored = await database.chains.find_one({"_id": made["chain_id"]})
    assert stored
    (event,) = pending(stored)
    assert event["ce_type"] == "incognita.chain.changed.v1"
    assert await operator.get(f"/v1/chains/{made['chain_id']}") == made
    assert (await operator.get("/v1/chains"))["items"] == [made]


async def test_the_same_idempotency_key_makes_one_chain(
    operator: Caller, database: Database
) -> None:
    headers = {"Idempotency-Key": "order 17"}
    first = await operator.post("/v1/chains", CHAIN, headers=headers)
    assert await operator.post("/v1/chains", CHAIN, headers=headers) == first
    other = await operator("POST", "/v1/chains", json={"name": "Other"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "header.Idempotency-Key"
    assert await database.chains.count_documents({}) == 1


async def test_a_change_grows_the_version_and_no_change_does_not(
    operator: Caller, database: Database
) -> None:
    path = f"/v1/chains/{(await operator.post('/v1/chains', CHAIN))['chain_id']}"
    for _ in range(2):
        answer = await operator("PATCH", path, json={"languages": ["tr"]})
        assert (answer.json()["version"], answer.json()["languages"]) == (2, ["tr"])
    stored = await database.chains.find_one()
    assert stored
    assert len(stored["pending"]) == 2
    assert (await operator("PATCH", path, json={"name": ""})).status_code == 422


async def test_chains_are_for_the_operator_alone(operator: Caller, agency: Caller) -> None:
    for method, path in [
        ("GET", "/v1/chains"),
        ("POST", "/v1/chains"),
        ("GET", f"/v1/chains/{agency.chain_id}"),
        ("PATCH", f"/v1/chains/{agency.chain_id}"),
        ("GET", f"/v1/chains/{agency.chain_id}/keys"),
        ("POST", f"/v1/chains/{agency.chain_id}/keys"),
    ]:
        body = CHAIN if method == "POST" else None
        assert (await agency(method, path, json=body)).status_code == 403, path
    assert (await operator("GET", "/v1/chains/nobody")).status_code == 404
    assert (await operator("GET", "/v1/branches")).status_code == 403


async def test_bad_names_and_languages_are_refused_by_field(operator: Caller) -> None:
    for body, field in [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a\u0007"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "languages": []}, "languages"),
        ({"name": "x", "languages": ["english please"]}, "languages[0]"),
        ({"name": "x", "colour": "red"}, "colour"),
    ]:
        answer = await operator("POST", "/v1/chains", json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == field
