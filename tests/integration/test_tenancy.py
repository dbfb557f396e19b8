"""Nobody reaches another chain's data, and nobody of the chain learns who a shopper is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from incognita_demo.api import Api
from incognita_demo.reconcile import STANDING
from incognita_shared.auth import Role
from tests.operations import Operation, operations
from tests.phone import Phone
from tests.stage import Stage
from tests.system import System, eventually

CHAIN_SIDE = (Role.CHAIN_MANAGER, Role.FRANCHISE_MANAGER, Role.BRANCH_MANAGER)
SHOPPER_NAME, SHOPPER_EMAIL = "Wilhelmina Quist", "wilhelmina.quist@example.org"
BRANCH_NAME = "Behind the Customs House"
FRANCHISEE = "MI-1"
"""Both chains have a franchisee of this name."""
CLOSED_DOORS = {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}


@dataclass
class Chain:
    """A stage, ids of everything on it, a key for each role, and words that are nobody else's."""

    stage: Stage
    ids: dict[str, Any]
    keys: dict[Role, str]
    words: set[str] = field(default_factory=set)
    about_shoppers: set[str] = field(default_factory=set)


async def keys_for_all(stage: Stage, branch_id: str) -> dict[Role, str]:
    """A key for each role of the chain."""
    bound = {
        Role.FRANCHISE_MANAGER: {"franchisee_id": FRANCHISEE},
        Role.BRANCH_MANAGER: {"branch_ids": [branch_id]},
        Role.SHOPPER: {"shopper_id": next(iter(stage.shoppers))},
    }
    keys = {}
    for role in Role:
        if role is not Role.OPERATOR:
            body = {"role": role, "name": f"Key of a {role}", **bound.get(role, {})}
            keys[role] = (await stage.ask("assignment", "POST /v1/keys", body))["key"]
    for key in keys.values():
        await stage.system.known_everywhere(key)
    return keys


@pytest.fixture(scope="module")
async def first(system: System, api: Api) -> AsyncIterator[Chain]:
    """A chain with a visit that went all the way, one that waits for review, one on offer."""
    async with Stage.opened(system, api, stores=4) as stage:
        paid, waiting = stage.next_visit(), stage.next_visit()
        shopper_id = paid.visit["shopper_id"]
        await stage.ask(
            "assignment",
            f"PATCH /v1/branches/{paid.branch_id}",
            {"name": BRANCH_NAME, "franchisee_id": FRANCHISEE, "ownership": "franchise"},
        )
        personal = {"name": SHOPPER_NAME, "email": SHOPPER_EMAIL}
        await stage.ask("assignment", f"PATCH /v1/shoppers/{shopper_id}", personal)
        keys = await keys_for_all(stage, paid.branch_id)
        subscription = await api.call(
            "notification",
            "POST /v1/subscriptions",
            key=keys[Role.CHAIN_MANAGER],
            json={
                "event_types": ["incognita.*"],
                "target": {"webhook": {"url": f"{system.urls['notification']}/nowhere"}},
            },
        )
        await paid.do()
        await waiting.accept()
        item_id = await waiting.upload(waiting.photo())
        await waiting.submit(waiting.report(missing_evidence_reasons={"audio": "It broke."}))
        await stage.waits_for_review(waiting)
        visit = await stage.reaches(paid, "approved")
        await stage.compared(paid)
        delivery_id = await delivered(stage, keys[Role.CHAIN_MANAGER])
        ids = {
            "chain_id": stage.chain_id,
            "key_id": keys[Role.SHOPPER].split("_")[1],
            "branch_id": paid.branch_id,
            "branch_ids": [paid.branch_id],
            "questionnaire_id": stage.questionnaire_id,
            "version": 1,
            "programme_id": stage.programme_id,
            "wave_id": stage.wave_id,
            "shopper_id": shopper_id,
            "visit_id": paid.visit_id,
            "payout_id": visit["payout_id"],
            "item_id": item_id,
            "subscription_id": subscription["subscription_id"],
            "delivery_id": delivery_id,
            "franchisee_id": FRANCHISEE,
            "appeal_id": await appealed(stage, paid),
            "rescore_id": await rescored(stage),
        }
        chain = Chain(stage, ids, keys)
        shopper_keys = {one.key.split("_")[1] for one in stage.shoppers.values()}
        everybody = api.pages("assignment", "/v1/shoppers", key=stage.keys.agency)
        people = [one async for one in everybody]
        chain.about_shoppers = {
            *stage.shoppers, *shopper_keys, ids["key_id"],
            *(one["name"] for one in people), *(one["email"] for one in people),
        }  # fmt: skip
        everywhere = {visit["visit_id"] for visit in stage.visits} | {waiting.visit_id}
        chain.words = {
            *chain.about_shoppers, *everywhere, BRANCH_NAME,
            *(str(one) for name, one in ids.items() if name.endswith("_id") and one != FRANCHISEE),
            *(visit["branch_id"] for visit in stage.visits),
        } - {one["name"] for one in people if one["name"] != SHOPPER_NAME} - {
            one["email"] for one in people if one["email"] != SHOPPER_EMAIL
        }  # fmt: skip
        yield chain


OF_THE_CALLER = {"PUT /v1/review-rules/{programme_id}"}
"""Kept in the caller's own chain under whatever programme it names: scoring knows no programmes."""


async def appealed(stage: Stage, phone: Phone) -> str:
    """The chain's appeal against a question of the visit."""
    score = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
    body = {"question_id": score["questions"][0]["question_id"], "text": "It was not so."}
    path = f"POST /v1/scores/{phone.visit_id}/appeals"
    appeal = await stage.api.call("scoring", path, key=stage.keys.manager, json=body)
    return str(appeal["appeal_id"])


async def rescored(stage: Stage) -> str:
    """A rescore of the wave that is only previewed."""
    body = {"wave_id": stage.wave_id, "questionnaire_version": 1, "reason": "A newer engine."}
    job = await stage.api.call("scoring", "POST /v1/rescores", key=stage.keys.agency, json=body)
    return str(job["rescore_id"])


async def delivered(stage: Stage, key: str) -> str:
    """A delivery of the standing to the chain's own subscription; it need not have arrived."""

    async def made() -> str | None:
        path = f"GET /v1/deliveries?event_type={STANDING}"
        found = await stage.api.call("notification", path, key=key)
        return found["items"][0]["delivery_id"] if found["items"] else None

    return await eventually(made, "a delivery to the chain") or ""


@pytest.fixture(scope="module")
async def second(system: System, api: Api) -> AsyncIterator[Chain]:
    """Another chain, with people of every role."""
    async with Stage.opened(system, api, stores=1) as stage:
        yield Chain(stage, {}, await keys_for_all(stage, stage.visits[0]["branch_id"]))


@pytest.fixture(scope="module")
async def every(system: System) -> list[Operation]:
    found = await operations(system)
    assert len(found) > 60
    return found


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_another_chains_key_opens_no_door_and_learns_nothing(
    first: Chain, second: Chain, every: list[Operation], role: Role
) -> None:
    before = await first.stage.counts()
    for operation in every:
        if f"{operation.method} {operation.path}" in OF_THE_CALLER:
            continue
        request, options = operation.request(first.ids), operation.options(first.ids)
        answer = await first.stage.system.ask(
            operation.service, request, key=second.keys[role], **options
        )
        sent = request + str(options)
        told = {word for word in first.words if word in answer.text and word not in sent}
        assert not told, f"{operation} as {role} tells {told}"
        assert answer.status_code < 500, f"{operation}: {answer.text}"
        if operation.path_names:
            closed = answer.status_code in CLOSED_DOORS or counts_nothing(answer)
            assert closed, f"{operation} as {role}: {answer.status_code} {answer.text[:500]}"
        elif operation.method == "GET":
            assert answer.status_code in CLOSED_DOORS or is_empty(
                answer, filtered=bool(set(operation.query_names) & set(first.ids))
            ), f"{operation} as {role}: {answer.status_code} {answer.text[:500]}"
    assert await first.stage.counts() == before


async def test_another_chains_things_cannot_be_named_in_a_body(first: Chain, second: Chain) -> None:
    stage, agency = first.stage, second.keys[Role.AGENCY]
    before = await stage.counts()
    wave = await stage.ask("assignment", f"GET /v1/waves/{stage.wave_id}")
    body = {
        name: wave[name]
        for name in ("name", "channel", "scenario", "starts_at", "ends_at", "terms")
    }
    named = {
        "programme_id": stage.programme_id,
        "questionnaire_id": stage.questionnaire_id,
        "questionnaire_version": 1,
    }
    own = {
        "programme_id": second.stage.programme_id,
        "questionnaire_id": second.stage.questionnaire_id,
        "questionnaire_version": 1,
    }
    for request, json in (
        ("POST /v1/waves", {**body, **named}),
        ("POST /v1/waves", {**body, **own, "programme_id": stage.programme_id}),
        ("POST /v1/waves", {**body, **own, "questionnaire_id": stage.questionnaire_id}),
        ("POST /v1/keys", {"role": "shopper", "name": "x", "shopper_id": first.ids["shopper_id"]}),
        ("POST /v1/keys", {"role": "branch_manager", "name": "x",
                           "branch_ids": [first.ids["branch_id"]]}),
    ):  # fmt: skip
        answer = await stage.system.ask("assignment", request, key=agency, json=json)
        assert answer.status_code in {403, 404, 422}, f"{request}: {answer.text}"
        assert answer.status_code != 422 or "errors" in answer.json()
    assert await stage.counts() == before


@pytest.mark.parametrize("role", CHAIN_SIDE)
async def test_nothing_that_the_chain_can_read_reveals_a_shopper(
    first: Chain, every: list[Operation], role: Role
) -> None:
    read = 0
    for operation in every:
        if operation.method != "GET":
            continue
        requests = {operation.request(first.ids)}
        if not operation.path_names:
            requests.add(f"GET {operation.path}")
        for request in requests:
            answer = await first.stage.system.ask(operation.service, request, key=first.keys[role])
            assert answer.status_code < 500, request
            read += answer.is_success
            told = {word for word in first.about_shoppers if word in answer.text}
            told -= {word for word in told if word in request}
            assert not told, f"{request} tells the {role}: {answer.text[:2_000]}"
            assert '"shopper_id":"' not in answer.text, request
    assert read >= 5, "this role can read something, so the walk has looked at something"


def counts_nothing(answer: httpx.Response) -> bool:
    """A list with nothing in it, or counts that are all zero."""
    return answer.status_code == httpx.codes.OK and is_empty(answer, filtered=True)


def is_empty(answer: httpx.Response, *, filtered: bool) -> bool:
    """A good answer; with a filter for another chain's ids there is nothing in it."""
    if answer.status_code != httpx.codes.OK:
        return False
    found = answer.json()
    if not filtered:
        return True
    if isinstance(found, list):
        return not found
    if "items" in found:
        rows = found["items"]  # a reviewer's own row is there, with nothing counted
        return all(numbers(row) and not any(numbers(row)) for row in rows)
    return not any(numbers(found))


def numbers(value: Any) -> list[float]:
    """All numbers in an answer, at any depth."""
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers(each)]
    return [value] if isinstance(value, int | float) else []
