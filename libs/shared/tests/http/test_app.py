"""The app as a client meets it, with the real database behind it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from incognita_shared.health import Health
from incognita_shared.mongo.client import Database

VISIT = "0123456789abcdef0123456789abcdef"
OPERATOR = {"Authorization": "Bearer inc_operator_op"}
AGENCY = {"Authorization": "Bearer inc_k1_secret"}
PROBLEM = "application/problem+json"


async def test_a_good_request_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/visits/{VISIT}:accept", json={"name": "a"}, headers=AGENCY)
    assert (answer.status_code, answer.json()) == (200, {"name": "a", "answers": {}})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic abc"}, 401),
        ({"Authorization": "Bearer inc_k1_wrong"}, 401),
        ({"Authorization": "Bearer \xff"}, 401),
        (OPERATOR, 403),
    ],
)
async def test_without_the_right_key_the_door_stays_shut(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    sent = httpx.Headers(headers, encoding="latin-1")
    answer = await client.post(f"/v1/visits/{VISIT}:accept", json={"name": "a"}, headers=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("content", "status", "field_named"),
    [
        (b'{"name":', 400, None),
        (b'{"name": "\\ud800"}', 400, None),
        (b'{"name": "a\\u0000"}', 422, "name"),
        (b'{"name": "much too long"}', 422, "name"),
        (b"[]", 422, "body"),
        (b"", 422, "body"),
        (b'{"name": "' + b"a" * 1_000 + b'"}', 413, None),
    ],
)
async def test_a_wrong_body_is_named_and_changes_nothing(
    client: httpx.AsyncClient,
    database: Database,
    content: bytes,
    status: int,
    field_named: str | None,
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/keep", content=content, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer.headers["content-type"] == PROBLEM
    if field_named:
        assert problem["errors"][0]["field"] == field_named
    assert await database["kept"].count_documents({}) == 0


async def test_a_body_without_a_length_is_limited_too(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    headers = {"Content-Type": "application/json"}
    assert (await client.post("/v1/keep", content=endless(), headers=headers)).status_code == 413


async def test_another_content_type_is_refused_but_on_a_path_that_streams(
    client: httpx.AsyncClient,
) -> None:
    csv = {"Content-Type": "text/csv"}
    assert (await client.post("/v1/keep", content=b"a,b", headers=csv)).status_code == 415
    large = await client.post("/v1/branches:import", content=b"\x00" * 5_000, headers=csv)
    assert (large.status_code, large.json()) == (200, 5_000)


async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/visits?limit=501")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.limit"


async def test_a_conflict_names_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/visits/{VISIT}:accept", json={"name": "late"}, headers=AGENCY)
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["cancel"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/visits", 405), ("GET", "/v1/visits?a=%00", 400),
     ("GET", "/v1/visits%00", 400)],
)  # fmt: skip
async def test_a_wrong_address_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


async def test_what_the_database_can_not_keep_is_no_fault_of_ours(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/keep", json={"name": "a", "answers": {"a": [2**63 - 1]}})
    assert answer.status_code == 200


async def test_health_is_live_and_ready_by_progress(
    client: httpx.AsyncClient, health: Health
) -> None:
    health.fail("consumer", "MongoDB is down")
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["problems"]) == (503, {"consumer": "MongoDB is down"})
    assert (await client.get("/health/live")).status_code == 200
    health.clear("consumer")
    assert (await client.get("/health/ready")).status_code == 200


async def test_the_document_names_every_problem_once_by_its_own_schema(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    accept = document["paths"]["/v1/visits/{visit_id}:accept"]["post"]
    assert accept["operationId"] == "accept_visit"
    assert accept["security"] == [{"ApiKey": []}]
    statuses = set(accept["responses"])
    assert statuses == {"200", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503"}
    for status in statuses - {"200"}:
        content = accept["responses"][status]["content"]
        assert set(content) == {PROBLEM}
        assert content[PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content[PROBLEM]["example"]["status"] == int(status)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    assert not [path for path in document["paths"] if path.startswith("/health")]
