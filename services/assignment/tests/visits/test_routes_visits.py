"""Visits over HTTP: who sees what, and who may do what when."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from incognita_assignment.rules import VisitState
from incognita_assignment.visit import Visit
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitAccepted, VisitCancelled, VisitDeclined

from .world import World

SCORING_WORDS = {
    "points", "weight", "expected", "critical", "bands", "standard", "cap", "scoring", "score",
    "pass_mark", "method", "visible_to_client",
}  # fmt: skip
WHO_SHOPS = {"shopper_id", "distance_m", "via", "history", "accepted_at", "reported_at"}
MONEY = {"terms", "fee", "purchase_budget", "payout_id"}


@pytest.fixture
async def offered(world: World) -> Visit:
    """An offer to the first shopper, at the first branch."""
    await world.branches(1, franchisee_id="f1")
    await world.shoppers(2)
    await world.open_wave()
    (visit,) = await world.visits()
    return visit


@pytest.fixture
async def shopper(world: World, offered: Visit) -> httpx.AsyncClient:
    """The API as the shopper of the offer has it."""
    return await world.client(Role.SHOPPER, shopper_id=offered.shopper_id)


def keys_in(content: object) -> set[str]:
    if isinstance(content, dict):
        return set(content) | {key for value in content.values() for key in keys_in(value)}
    if isinstance(content, list):
        return {key for value in content for key in keys_in(value)}
    return set()


async def test_a_shopper_accepts_an_offer_and_again_gets_the_same_answer(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    first = await shopper.post(f"/v1/visits/{offered.visit_id}:accept")
    again = await shopper.post(f"/v1/visits/{offered.visit_id}:accept")
    assert (first.status_code, first.json()["state"]) == (200, "accepted")
    assert (again.status_code, again.json()) == (200, first.json())
    _, event = await world.events(offered.visit_id)
    assert isinstance(event, VisitAccepted)
    assert event.seq == 2
    visit = await world.visit(offered.visit_id)
    assert visit.deadline_at == visit.due_at + timedelta(hours=24)


async def test_a_shopper_declines_with_a_reason_and_may_not_accept_afterwards(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    path = f"/v1/visits/{offered.visit_id}"
    declined = await shopper.post(f"{path}:decline", json={"reason": "I am away."})
    again = await shopper.post(f"{path}:decline", json={"reason": "I am away."})
    refused = await shopper.post(f"{path}:accept")
    assert (declined.json()["state"], again.json()) == ("declined", declined.json())
    assert refused.status_code == 409
    assert refused.json()["detail"] == "A visit that is declined cannot take the move accept"
    assert (refused.json()["state"], refused.json()["allowed"]) == ("declined", [])
    _, event = await world.events(offered.visit_id)
    assert isinstance(event, VisitDeclined)
    assert event.reason == "I am away."


async def test_an_offer_that_ran_out_is_refused_before_any_sweeper_came(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    await world.set_visit(offered, deadline_at=now() - timedelta(seconds=1))
    for move, body in (("accept", None), ("decline", {"reason": "No."})):
        refused = await shopper.post(f"/v1/visits/{offered.visit_id}:{move}", json=body)
        assert refused.status_code == 409
        assert "the offer ended at" in refused.json()["detail"].lower()
        assert refused.json()["allowed"] == []
    assert (await world.visit(offered.visit_id)).state is VisitState.OFFERED


async def test_a_hundred_acceptances_at_once_make_one(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    path = f"/v1/visits/{offered.visit_id}:accept"
    answers = await asyncio.gather(*(shopper.post(path) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert [event.verb for event in await world.events(offered.visit_id)] == [
        "offered", "accepted",
    ]  # fmt: skip


async def test_of_accepting_and_cancelling_at_once_the_history_has_an_order(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    agency = await world.client(Role.AGENCY)
    path = f"/v1/visits/{offered.visit_id}"
    await asyncio.gather(
        shopper.post(f"{path}:accept"), agency.post(f"{path}:cancel", json={"reason": "Closed."})
    )
    visit = await world.visit(offered.visit_id)
    assert visit.state is VisitState.CANCELLED
    events = await world.events(offered.visit_id)
    assert [getattr(event, "seq", 0) for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], VisitCancelled)


@pytest.mark.parametrize("state", ["reported", "approved", "rejected", "expired", "declined"])
async def test_what_is_decided_or_waits_for_a_reviewer_cannot_be_cancelled(
    world: World, offered: Visit, state: str
) -> None:
    await world.set_visit(offered, state=state)
    agency = await world.client(Role.AGENCY)
    refused = await agency.post(
        f"/v1/visits/{offered.visit_id}:cancel", json={"reason": "Too dear."}
    )
    assert (refused.status_code, refused.json()["state"]) == (409, state)
    assert (await world.visit(offered.visit_id)).state == state


async def test_a_shopper_sees_own_offers_with_the_way_there_and_nobody_elses(
    world: World, offered: Visit, shopper: httpx.AsyncClient
) -> None:
    stranger = await world.client(Role.SHOPPER, shopper_id=world.shopper_ids[1])
    (item,) = (await shopper.get("/v1/visits")).json()["items"]
    assert item == (await shopper.get(f"/v1/visits/{offered.visit_id}")).json()
    assert item["where"]["address"] == "0 Main St"
    assert item["where"]["opening_hours"] == {"mon": [["09:00", "17:00"]]}
    assert item["allowed"] == ["accept", "decline"]
    assert item["terms"]["fee"] == {"amount": "12.00", "currency": "USD"}
    assert not keys_in(item) & {"shopper_id", "distance_m", "via"}
    assert (await stranger.get("/v1/visits")).json()["items"] == []
    for path in ("", "/questionnaire"):
        assert (await stranger.get(f"/v1/visits/{offered.visit_id}{path}")).status_code == 404
    assert (await stranger.post(f"/v1/visits/{offered.visit_id}:accept")).status_code == 404


async def test_the_agency_sees_the_shopper_and_why(world: World, offered: Visit) -> None:
    agency = await world.client(Role.AGENCY)
    visit = (await agency.get(f"/v1/visits/{offered.visit_id}")).json()
    assert visit["shopper_id"] == offered.shopper_id
    assert (visit["via"], visit["allowed"]) == ("position", ["cancel"])
    assert visit["history"][0]["by"] == "planner"


@pytest.mark.parametrize("role", [Role.CHAIN_MANAGER, Role.REVIEWER])
async def test_others_see_neither_shopper_nor_money(
    world: World, offered: Visit, role: Role
) -> None:
    client = await world.client(role)
    answers = [await client.get("/v1/visits"), await client.get(f"/v1/visits/{offered.visit_id}")]
    for answer in answers:
        assert answer.status_code == 200
        assert not keys_in(answer.json()) & (WHO_SHOPS | MONEY)
        assert offered.shopper_id not in answer.text


async def test_the_audited_learn_of_a_visit_when_it_is_approved_and_of_their_own_only(
    world: World, offered: Visit
) -> None:
    await world.branches(1, franchisee_id="f2")
    path = f"/v1/visits/{offered.visit_id}"
    own = [
        await world.client(Role.FRANCHISE_MANAGER, franchisee_id="f1"),
        await world.client(Role.BRANCH_MANAGER, branch_ids=[offered.branch_id]),
    ]
    others = [
        await world.client(Role.FRANCHISE_MANAGER, franchisee_id="f2"),
        await world.client(Role.BRANCH_MANAGER, branch_ids=[world.branch_ids[1]]),
    ]
    for client in own:
        assert (await client.get(path)).status_code == 404
        assert (await client.get("/v1/visits?state=offered")).json()["items"] == []
    await world.set_visit(offered, state="approved")
    for client in own:
        assert (await client.get(path)).status_code == 200
        (item,) = (await client.get("/v1/visits")).json()["items"]
        assert not keys_in(item) & (WHO_SHOPS | MONEY)
    for client in others:
        assert (await client.get(path)).status_code == 404
        query = f"/v1/visits?branch_id={offered.branch_id}"
        assert (await client.get(query)).json()["items"] == []


async def test_another_chain_gets_404_for_everything(
    world: World, other_world: World, offered: Visit
) -> None:
    agency = await other_world.client(Role.AGENCY)
    assert (await agency.get(f"/v1/visits/{offered.visit_id}")).status_code == 404
    cancel = await agency.post(f"/v1/visits/{offered.visit_id}:cancel", json={"reason": "Ours."})
    assert cancel.status_code == 404
    assert (await agency.get("/v1/visits")).json()["items"] == []
    thief = await other_world.client(Role.SHOPPER, shopper_id=offered.shopper_id)
    assert (await thief.post(f"/v1/visits/{offered.visit_id}:accept")).status_code == 404


@pytest.mark.parametrize(
    ("role", "move"),
    [
        (Role.AGENCY, "accept"),
        (Role.AGENCY, "decline"),
        (Role.CHAIN_MANAGER, "cancel"),
        (Role.REVIEWER, "cancel"),
    ],
)
async def test_each_move_belongs_to_one_role(
    world: World, offered: Visit, role: Role, move: str
) -> None:
    client = await world.client(role)
    answer = await client.post(f"/v1/visits/{offered.visit_id}:{move}", json={"reason": "x"})
    assert answer.status_code == 403


async def test_a_shopper_gets_the_questionnaire_without_anything_about_scoring(
    offered: Visit, shopper: httpx.AsyncClient
) -> None:
    answer = await shopper.get(f"/v1/visits/{offered.visit_id}/questionnaire")
    assert answer.status_code == 200
    assert not keys_in(answer.json()) & SCORING_WORDS
    assert "77.25" not in answer.text
    size, rings = answer.json()["sections"][0]["questions"]
    assert size["choices"][0] == {"id": "large", "label": {"en": "Large"}, "relevant": None}
    assert size["evidence"][0]["kind"] == "photo"
    assert (size["not_applicable_allowed"], rings["not_applicable_allowed"]) == (False, True)


async def test_lists_go_by_pages_and_filters(world: World) -> None:
    await world.branches(7)
    await world.shoppers(7)
    wave = await world.open_wave()
    agency = await world.client(Role.AGENCY)
    seen, cursor = [], ""
    while True:
        page = (await agency.get(f"/v1/visits?limit=3&wave_id={wave.wave_id}{cursor}")).json()
        seen += [item["visit_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(visit.visit_id for visit in await world.visits())
    one = await agency.get(f"/v1/visits?branch_id={world.branch_ids[3]}&state=offered")
    assert [item["branch_id"] for item in one.json()["items"]] == [world.branch_ids[3]]
    assert (await agency.get("/v1/visits?state=declined")).json()["items"] == []
    assert (await agency.get("/v1/visits?state=lost")).status_code == 422
    assert (await agency.get("/v1/visits?cursor=x")).status_code == 422
