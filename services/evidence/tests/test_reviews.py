"""What reviewers and the agency may read, and what nobody else may."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from incognita_evidence.visit import Visit

Make = Callable[..., Any]
ROLES = ("agency", "reviewer", "chain_manager", "franchise_manager", "branch_manager", "shopper")


@pytest.fixture
async def visit(accept: Callable[[Visit], Awaitable[Visit]], make_visit: Make) -> Visit:
    return await accept(make_visit())


async def test_a_reviewer_reads_the_report_and_not_who_wrote_it(
    visit: Visit, uploaded: Make, submit: Make, photo: Make, client_as: Make, db: Any
) -> None:
    await uploaded(visit, photo())
    await submit(visit)
    reviewer = await client_as("reviewer")
    for _ in range(2):
        answer = await reviewer.get(f"/v1/reports/{visit.id}")
    assert answer.status_code == 200
    assert "shopper-1" not in answer.text
    (item,) = answer.json()["items"]
    async with httpx.AsyncClient() as anyone:
        file = await anyone.get(item["download_url"])
    assert file.content == photo()
    assert file.headers["content-disposition"].startswith("attachment")
    assert [(link["what"], link["by"]) for link in item["custody"]] == [
        ("declared", "shopper"), ("stored", "evidence"), ("read", "reviewer"),
    ]  # fmt: skip
    agency = await client_as("agency")
    assert (await agency.get(f"/v1/reports/{visit.id}")).json()["shopper_id"] == "shopper-1"
    (kept,) = (await db["reports"].find_one({"_id": visit.id}))["items"]
    assert [link["what"] for link in kept["custody"]] == ["declared", "stored", "read", "read"]


async def test_reports_are_listed_in_pages_and_by_filter(
    accept: Make, make_visit: Make, submit: Make, client_as: Make
) -> None:
    visits = [await accept(make_visit(wave_id=f"wave-{n % 2}")) for n in range(5)]
    for number, visit in enumerate(visits):
        reasons = {"photo": "none"} if number < 2 else {}
        await submit(visit, missing_evidence_reasons=reasons)
    reviewer = await client_as("reviewer")

    async def ids(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = (await reviewer.get(f"/v1/reports?limit=2{query}{cursor}")).json()
            found += [row["visit_id"] for row in page["items"]]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert await ids("") == sorted(visit.id for visit in visits)
    assert await ids("&flagged=true") == sorted(visit.id for visit in visits[:2])
    assert await ids("&state=incomplete") == sorted(visit.id for visit in visits[2:])
    assert await ids("&wave_id=wave-1") == sorted(v.id for v in visits if v.wave_id == "wave-1")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "cursor=nonsense", "state=lost", "flagged=maybe"]
)
async def test_a_wrong_query_is_named(client_as: Make, query: str) -> None:
    answer = await (await client_as("reviewer")).get(f"/v1/reports?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"query.{query.split('=', maxsplit=1)[0]}"


async def test_another_chain_finds_nothing(visit: Visit, submit: Make, client_as: Make) -> None:
    await submit(visit)
    for role in ("reviewer", "agency"):
        foreign = await client_as(role, chain_id="chain-b")
        assert (await foreign.get(f"/v1/reports/{visit.id}")).status_code == 404
        assert (await foreign.get("/v1/reports")).json()["items"] == []


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_gets_its_own_routes_only(
    visit: Visit, client_as: Make, submission: Make, declaration: Make, role: str
) -> None:
    client = await client_as(role, shopper_id="shopper-1" if role == "shopper" else None)
    base = f"/v1/visits/{visit.id}"
    handing_in = [
        await client.get(f"{base}/report"),
        await client.post(f"{base}/uploads", json=declaration(b"x")),
        await client.post(f"{base}/uploads/none:verify"),
        await client.put(f"{base}/report/answers", json={"answers": {}}),
        await client.post(
            f"{base}/report:submit", json=submission(), headers={"Idempotency-Key": "k"}
        ),
    ]
    reading = [await client.get("/v1/reports"), await client.get(f"/v1/reports/{visit.id}")]
    assert all((answer.status_code == 403) is (role != "shopper") for answer in handing_in)
    may_read = role in ("agency", "reviewer")
    assert all((answer.status_code == 403) is (not may_read) for answer in reading)
