"""Nothing of a report that does not count leaves to the chain: by no route, by no message."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from incognita_demo.api import Api
from incognita_shared.auth import Role
from tests.integration.test_reviews import without_recording
from tests.integration.test_tenancy import CHAIN_SIDE, FRANCHISEE, keys_for_all
from tests.operations import operations
from tests.phone import Phone
from tests.stage import Stage
from tests.system import System, eventually

REASON = "kept-between-agency-and-reviewer"
FINDING = "missing_item"
OF_VISITS = {"incognita.visit.offered.v1", "incognita.visit.accepted.v1"}
"""What the chain may hear of a visit before its report counts."""


@dataclass
class Held:
    """A report that waits, one whose approval was taken back, and who must not see them."""

    stage: Stage
    waiting: Phone
    taken_back: Phone
    keys: dict[Role, str]
    subscription_id: str
    words: set[str]


@pytest.fixture
async def held(system: System, api: Api) -> AsyncIterator[Held]:
    async with Stage.opened(system, api, stores=4) as stage:
        manager = stage.keys.manager
        body = {
            "event_types": ["incognita.*"],
            "target": {"webhook": {"url": f"{system.urls['notification']}/nowhere"}},
        }
        asked = await api.call("notification", "POST /v1/subscriptions", key=manager, json=body)
        waiting, taken_back = await without_recording(stage), await without_recording(stage)
        for phone in (waiting, taken_back):
            path = f"PATCH /v1/branches/{phone.branch_id}"
            owner = {"franchisee_id": FRANCHISEE, "ownership": "franchise"}
            await stage.ask("assignment", path, owner)
        await stage.decide(taken_back, "approve", note=REASON)
        await stage.compared(taken_back)
        words = {REASON, FINDING}
        for phone in (waiting, taken_back):
            report = await stage.ask("evidence", f"GET /v1/reports/{phone.visit_id}")
            words |= {each["item_id"] for each in report["items"]}
        keys = await keys_for_all(stage, taken_back.branch_id)
        yield Held(stage, waiting, taken_back, keys, asked["subscription_id"], words)


async def test_no_route_and_no_message_tells_the_chain_of_a_report_that_does_not_count(
    held: Held,
) -> None:
    stage, visit = held.stage, held.taken_back.visit_id
    seen = await told(held, visit)
    assert any(visit in text and "questions" in text for text in seen)  # as long as it counts
    body = {"report_revision": 1, "reason": REASON}
    await stage.ask("scoring", f"POST /v1/reviews/{visit}:unapprove", body)

    async def out() -> bool:
        return await stage.standing(held.taken_back.branch_id) is None

    await eventually(out, "the standing is gone")
    for phone in (held.waiting, held.taken_back):
        for text in await told(held, phone.visit_id):
            assert not [word for word in held.words if word in text], text[:2_000]
            assert not (phone.visit_id in text and '"sections"' in text), text[:2_000]
    heard = await messages(held)
    assert heard[held.waiting.visit_id] <= OF_VISITS
    assert "incognita.report.unapproved.v1" in heard[visit]
    assert not {"incognita.visit.scored.v1", "incognita.report.completed.v1"} & heard[visit]


async def told(held: Held, visit_id: str) -> list[str]:
    """What every operation that reads answers to the chain's roles when asked for this visit."""
    phone = next(one for one in (held.waiting, held.taken_back) if one.visit_id == visit_id)
    ids: dict[str, Any] = {
        "visit_id": visit_id, "branch_id": phone.branch_id, "wave_id": held.stage.wave_id,
        "chain_id": held.stage.chain_id, "programme_id": held.stage.programme_id,
        "questionnaire_id": held.stage.questionnaire_id, "version": 1,
        "subscription_id": held.subscription_id,
    }  # fmt: skip
    texts = []
    for operation in await operations(held.stage.system):
        if operation.method != "GET" or not {*operation.path_names} <= set(ids):
            continue
        for role in CHAIN_SIDE:
            answer = await held.stage.system.ask(
                operation.service, operation.request(ids), key=held.keys[role]
            )
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, operation
            if answer.is_success:
                texts.append(answer.text)
    return texts


async def messages(held: Held) -> dict[str, set[str]]:
    """Visit → the types of the messages that the chain's own subscription has got of it."""
    wanted = {held.waiting.visit_id: set[str](), held.taken_back.visit_id: set[str]()}
    path = f"/v1/deliveries?subscription_id={held.subscription_id}"

    async def all_there() -> bool:
        async for each in held.stage.api.pages("notification", path, key=held.stage.keys.manager):
            if each["subject"] in wanted:
                wanted[each["subject"]].add(each["event_type"])
        return "incognita.report.unapproved.v1" in wanted[held.taken_back.visit_id]

    await eventually(all_there, "the chain has heard that the approval was taken back")
    return wanted
