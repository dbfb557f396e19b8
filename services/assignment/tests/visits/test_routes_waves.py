"""Waves over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from incognita_assignment.rules import VisitState
from incognita_shared.auth import Role
from incognita_shared.clock import now

from .world import World


@pytest.fixture
async def agency(world: World) -> httpx.AsyncClient:
    """The API as the agency has it."""
    return await world.client(Role.AGENCY)


async def test_a_wave_is_drafted_opened_and_counted(
    world: World, agency: httpx.AsyncClient
) -> None:
    await world.branches(2)
    await world.shoppers(2)
    created = await agency.post("/v1/waves", json=world.wave_body())
    assert (created.status_code, created.json()["state"]) == (201, "draft")
    path = f"/v1/waves/{created.json()['wave_id']}"
    opened = await agency.post(f"{path}:open")
    assert (opened.status_code, opened.json()["state"]) == (202, "opening")
    await world.plan()
    wave = (await agency.get(path)).json()
    assert (wave["state"], wave["busy_with"]) == ("open", None)
    assert (wave["progress"]["planned"], wave["progress"]["offered"]) == (2, 2)
    counts = (await agency.get(f"{path}/counts")).json()
    assert counts["total"] == 2
    assert counts["by_state"] == {state: 2 * (state == "offered") for state in VisitState}
    assert (await agency.post(f"{path}:open")).status_code == 202


async def test_the_same_key_makes_one_wave_and_another_body_under_it_is_refused(
    world: World, agency: httpx.AsyncClient
) -> None:
    body, headers = world.wave_body(), {"Idempotency-Key": "k1"}
    first = await agency.post("/v1/waves", json=body, headers=headers)
    again = await agency.post("/v1/waves", json=body, headers=headers)
    other = await agency.post("/v1/waves", json={**body, "name": "Autumn"}, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert (other.status_code, other.json()["errors"][0]["field"]) == (
        422, "header.Idempotency-Key",
    )  # fmt: skip
    assert len((await agency.get("/v1/waves")).json()["items"]) == 1


USD = {"amount": "10.00", "currency": "USD"}
EUR = {"amount": "10.00", "currency": "EUR"}


@pytest.mark.parametrize(
    ("changed", "field", "cause"),
    [
        ({"programme_id": "unknown"}, "programme_id", "no such programme"),
        ({"questionnaire_version": 2}, "questionnaire_version", "no published version 2"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at", "after starts_at"),
        ({"ends_at": "0001-01-01T00:00:00+05:00"}, "ends_at", "years 1970 to 2199"),
        ({"ends_at": "2026-01-01T00:00:00"}, "ends_at", "timezone"),
        ({"terms": {"fee": USD, "purchase_budget": EUR}}, "terms", "one currency"),
        ({"budget": EUR}, "budget", "currency of the fee, USD"),
        ({"budget": {"amount": "NaN", "currency": "USD"}}, "budget.amount", "finite"),
        ({"budget": {"amount": "-1", "currency": "USD"}}, "budget.amount", "greater"),
        ({"visits_per_branch": 0}, "visits_per_branch", "greater"),
        ({"offer_hours": 1e9}, "offer_hours", "less"),
        ({"channel": "pigeon"}, "channel", "visit"),
        ({"shoppers": []}, "shoppers", "not permitted"),
        ({"scenario": ""}, "scenario", "at least 1"),
        ({"required_languages": ["English"]}, "required_languages[0]", "pattern"),
    ],
)
async def test_a_wave_that_cannot_be_is_refused_by_field(
    world: World, agency: httpx.AsyncClient, changed: dict[str, Any], field: str, cause: str
) -> None:
    answer = await agency.post("/v1/waves", json={**world.wave_body(), **changed})
    assert answer.status_code == 422, answer.text
    errors = {error["field"]: error["cause"] for error in answer.json()["errors"]}
    assert cause in errors[field]
    assert await world.db["waves"].count_documents({}) == 0


async def test_moves_that_the_state_does_not_allow_name_those_that_it_does(
    world: World, agency: httpx.AsyncClient
) -> None:
    wave = await world.wave()
    path = f"/v1/waves/{wave.wave_id}"
    refused = await agency.post(f"{path}:reoffer")
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["open", "cancel"])
    cancelled = await agency.post(f"{path}:cancel", json={"reason": "A mistake."})
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert (await agency.post(f"{path}:cancel", json={"reason": "Again."})).status_code == 202
    gone = await agency.post(f"{path}:open")
    assert (gone.status_code, gone.json()["allowed"]) == (409, [])


async def test_a_wave_that_has_ended_is_not_opened(world: World, agency: httpx.AsyncClient) -> None:
    starts_at, ends_at = (now() - timedelta(days=days) for days in (9, 1))
    wave = await world.wave(starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())
    refused = await agency.post(f"/v1/waves/{wave.wave_id}:open")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("The wave ended at")
    assert refused.json()["allowed"] == ["cancel"]


async def test_the_chain_sees_a_wave_without_money_or_shoppers(world: World) -> None:
    wave = await world.wave(budget=USD)
    for role in (Role.CHAIN_MANAGER, Role.REVIEWER):
        client = await world.client(role)
        shown = (await client.get(f"/v1/waves/{wave.wave_id}")).json()
        assert shown["name"] == "Spring"
        assert not shown.keys() & {"terms", "budget", "progress", "offer_hours", "reoffer"}
        assert (await client.get("/v1/waves")).json()["items"] == [shown]
        assert (await client.post(f"/v1/waves/{wave.wave_id}:open")).status_code == 403


async def test_another_chain_gets_404_and_an_empty_list(world: World, other_world: World) -> None:
    wave = await world.wave()
    agency = await other_world.client(Role.AGENCY)
    assert (await agency.get("/v1/waves")).json()["items"] == []
    for method, path in (
        ("GET", ""), ("GET", "/counts"),
        ("POST", ":open"), ("POST", ":close"), ("POST", ":reoffer"),
    ):  # fmt: skip
        answer = await agency.request(method, f"/v1/waves/{wave.wave_id}{path}")
        assert answer.status_code == 404


async def test_another_chains_programme_is_unknown(
    world: World, other_world: World, agency: httpx.AsyncClient
) -> None:
    body = world.wave_body(programme_id=other_world.programme_id)
    answer = await agency.post("/v1/waves", json=body)
    assert answer.json()["errors"][0]["field"] == "programme_id"


async def test_counts_are_read_from_an_index_alone(world: World) -> None:
    await world.branches(1)
    await world.shoppers(1)
    wave = await world.open_wave()
    plan = await world.db.command(
        "explain",
        {
            "aggregate": "visits",
            "pipeline": [
                {"$match": {"chain_id": world.chain_id}},
                {"$match": {"wave_id": wave.wave_id}},
                {"$group": {"_id": "$state", "visits": {"$sum": 1}}},
            ],
            "cursor": {},
        },
    )
    planner = plan.get("queryPlanner") or plan["stages"][0]["$cursor"]["queryPlanner"]
    winning = str(planner["winningPlan"])
    assert "wave_state" in winning
    assert "FETCH" not in winning
    assert "COLLSCAN" not in winning
