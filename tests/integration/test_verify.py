"""The checker: clean on a system at rest, and one damage is exactly one invariant."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from incognita_demo.api import Api
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import NAMESPACE
from incognitactl.connections import Connections, Settings, connected
from incognitactl.verify import Known, Verdict, settled, verify
from tests.phone import Phone
from tests.snapshot import Snapshot
from tests.stage import Stage
from tests.system import System, eventually

WHY = {"audio": "The phone's storage was full."}
EVENTS = "scoring.events.v1"


@dataclass
class World:
    """What was played, and what is left of it."""

    snapshot: Snapshot
    objects: ObjectStore
    approved: str
    declined: str
    returned: str
    known: Known


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
async def world(system: System, api: Api, patched: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Visits of each fate; then everything at rest, verified and copied."""
    async with Stage.opened(system, api, stores=8) as stage:
        approved, declined, rejected, returned, cancelled = (stage.next_visit() for _ in range(5))
        answers = [await approved.do(), await stage.next_visit().do()]
        await stage.reaches(approved, "approved")
        [payout] = await stage.payouts(approved)
        await stage.ask(
            "assignment", f"POST /v1/payouts/{payout['payout_id']}:mark-paid", {"reference": "A 1"}
        )
        await declined.call(
            "assignment", f"POST /v1/visits/{declined.visit_id}:decline", {"reason": "no time"}
        )
        await cancelled.accept()
        await stage.ask(
            "assignment", f"POST /v1/visits/{cancelled.visit_id}:cancel", {"reason": "no need"}
        )
        await _flagged(stage, rejected)
        await stage.decide(rejected, "reject", reason="Not this store.")
        await _flagged(stage, returned)
        await stage.decide(returned, "return", reason="The recording, please.")
        await stage.reaches(returned, "returned")
        await _corrected(returned)
        for phone, state in ((returned, "approved"), (rejected, "rejected")):
            await stage.reaches(phone, state)
        patched.setenv(NAMESPACE, system.namespace)
        async with connected(Settings.read()) as connections:
            assert connections.objects
            await _at_rest(connections)
            snapshot = await Snapshot.take(connections)
            for each in snapshot.documents["notification"]["subscriptions"]:
                each["changed_at"] -= timedelta(hours=1)  # in force for all that was said
            assert answers
            yield World(
                snapshot, connections.objects, approved.visit_id, declined.visit_id,
                returned.visit_id, Known(),
            )  # fmt: skip


async def _flagged(stage: Stage, phone: Phone) -> None:
    await phone.accept()
    await phone.upload(phone.photo())
    await phone.submit(phone.report(missing_evidence_reasons=WHY))
    await stage.waits_for_review(phone)


async def _corrected(phone: Phone) -> None:
    async def reopened() -> bool:
        view = await phone.call("evidence", f"GET /v1/visits/{phone.visit_id}/report")
        return bool(view["report_revision"] == 2)

    await eventually(reopened, "the report is open again")
    await phone.upload(phone.recording())
    report = await phone.call("evidence", f"GET /v1/visits/{phone.visit_id}/report")
    await phone.submit(phone.report(answers=report["answers"]))


async def _at_rest(connections: Connections) -> None:
    async def rests() -> bool:
        waiting = {"next_attempt_at": {"$exists": True}}
        deliveries = connections.databases["notification"]["deliveries"]
        return not await settled(connections) and not await deliveries.count_documents(waiting)

    await eventually(rests, "everything has settled")


@asynccontextmanager
async def _put(
    world: World, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connections]:
    monkeypatch.setenv(NAMESPACE, f"v{secrets.token_hex(5)}")
    async with (
        connected(Settings.read()) as connections,
        snapshot.put(connections, world.objects) as there,
    ):
        yield there


def _broken(verdict: Verdict) -> set[int]:
    return {each.invariant for each in verdict.violations}


async def test_a_system_at_rest_holds_every_invariant(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _put(world, world.snapshot, monkeypatch) as connections:
        verdict = await verify(connections)
    assert not verdict.violations, "\n".join(str(each) for each in verdict.violations)
    assert verdict.counts["reports completed"] >= 4
    assert {1, 2, 3, 4, 6, 8} <= verdict.checked.keys()
