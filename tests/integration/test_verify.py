"""The checker: clean on a system at rest, and one damage is exactly one invariant."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from incognita_demo.api import Api
from incognita_shared.clock import now
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import NAMESPACE, namespace
from incognitactl.__main__ import main
from incognitactl.connections import Connections, Settings, connected
from incognitactl.verify import Known, Options, Verdict, settled, verify
from tests.phone import Phone
from tests.snapshot import Said, Snapshot
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


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
async def world(quiet_system: System, patched: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Visits of each fate; then everything at rest, verified and copied."""
    system = quiet_system
    async with (
        Api(system.urls, connections=20) as api,
        Stage.opened(system, api, stores=8) as stage,
    ):
        approved, declined, rejected, returned, cancelled = (stage.next_visit() for _ in range(5))
        await approved.do()
        await stage.next_visit().do()
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
            yield World(
                snapshot, connections.objects, approved.visit_id, declined.visit_id,
                returned.visit_id,
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


@dataclass
class Copy:
    """An undamaged copy of the world."""

    namespace: str
    connections: Connections


@pytest.fixture(scope="module")
async def its_copy(world: World) -> AsyncIterator[Copy]:
    with pytest.MonkeyPatch.context() as patch:
        async with _put(world, world.snapshot, patch) as connections:
            yield Copy(namespace(), connections)


def _broken(verdict: Verdict) -> set[int]:
    return {each.invariant for each in verdict.violations}


async def test_a_system_at_rest_holds_every_invariant(
    world: World, its_copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMESPACE, its_copy.namespace)
    connections = its_copy.connections
    verdict = await verify(connections)
    assert not verdict.violations, "\n".join(str(each) for each in verdict.violations)
    assert verdict.counts["reports completed"] >= 4
    assert {1, 2, 3, 4, 6, 8} <= verdict.checked.keys()


async def _verdict(
    world: World,
    snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
    known: Known | None = None,
) -> Verdict:
    async with _put(world, snapshot, monkeypatch) as connections:
        return await verify(connections, known=known)


Damage = Callable[[Snapshot, World], None]


def lose_a_score(there: Snapshot, world: World) -> None:
    there.remove("scoring", "scores", world.approved)


def lose_a_result(there: Snapshot, world: World) -> None:
    there.remove("comparison", "results", world.approved)


def lose_a_payout(there: Snapshot, world: World) -> None:
    there.documents["assignment"]["payouts"] = [
        each for each in there.documents["assignment"]["payouts"]
        if each["visit_id"] != world.returned
    ]  # fmt: skip


def pay_twice(there: Snapshot, world: World) -> None:
    payout = there.find("assignment", "payouts", visit_id=world.returned)
    there.documents["assignment"]["payouts"].append({**payout, "_id": "another"})


def lose_a_delivery(there: Snapshot, world: World) -> None:
    deliveries = there.documents["notification"]["deliveries"]
    gone = deliveries.pop()
    there.said = [each for each in there.said if each.header("ce_subject") != gone["_id"]]


def count_what_was_rejected(there: Snapshot, world: World) -> None:
    there.find("comparison", "results", counted=None)["counted"] = 1


def forget_a_report_in_assignment(there: Snapshot, world: World) -> None:
    there.find("assignment", "visits", _id=world.returned)["report_revision"] = 1


def keep_an_old_branch(there: Snapshot, world: World) -> None:
    there.documents["scoring"]["branches"][0]["version"] = 0


def lose_a_visit_in_evidence(there: Snapshot, world: World) -> None:
    there.remove("evidence", "visits", world.declined)


def count_a_score_twice(there: Snapshot, world: World) -> None:
    sums = there.documents["comparison"]["branch_waves"][0]
    sums["sum"] += sums["sum"]


def move_an_answer(there: Snapshot, world: World) -> None:
    sums = there.documents["comparison"]["branch_waves"][0]
    question = next(iter(sums["questions"].values()))
    question["earned"] += 1


def lose_sums(there: Snapshot, world: World) -> None:
    there.documents["comparison"]["branch_waves"].pop()


def move_a_branch_to_another_city(there: Snapshot, world: World) -> None:
    there.documents["comparison"]["branches"][0]["city"] = "Elsewhere"


def swap_two_events(there: Snapshot, world: World) -> None:
    first, second = there.about(world.approved, EVENTS)[:2]
    there.said[first], there.said[second] = there.said[second], there.said[first]


def move_a_visit_to_another_partition(there: Snapshot, world: World) -> None:
    last = there.about(world.approved, EVENTS)[-1]
    moved = (there.said[last].partition + 1) % 12
    there.said[last] = replace(there.said[last], partition=moved)


def lose_the_last_event(there: Snapshot, world: World) -> None:
    del there.said[there.about(world.approved, "assignment.events.v1")[-1]]


def lose_evidence_stored(there: Snapshot, world: World) -> None:
    [*_, last] = (
        number for number in there.about(world.returned, "evidence.events.v1")
        if there.said[number].type == "report.completed"
    )  # fmt: skip
    del there.said[last]


def lose_an_outcome(there: Snapshot, world: World) -> None:
    there.said.pop(
        next(n for n, each in enumerate(there.said) if each.type == "delivery.succeeded")
    )


def lose_a_branch_event(there: Snapshot, world: World) -> None:
    there.said.pop(next(n for n, each in enumerate(there.said) if each.type == "branch.changed"))


def say_it_twice_under_two_ids(there: Snapshot, world: World) -> None:
    last = there.about(world.approved, "scoring.events.v1")[-1]
    there.said.append(there.said[last].under("another"))


def say_it_twice_with_other_bytes(there: Snapshot, world: World) -> None:
    last = there.about(world.approved, "scoring.events.v1")[-1]
    value = (there.said[last].value or b"").replace(b'"rule"', b'"reviewer"')
    there.said.append(replace(there.said[last], value=value))


def say_what_nobody_decided(there: Snapshot, world: World) -> None:
    last = there.said[there.about(world.declined, "assignment.events.v1")[-1]]
    value = (last.value or b"").replace(b'"seq":2', b'"seq":3')
    there.said.append(replace(last.under("another"), value=value))


def leave_a_dead_letter(there: Snapshot, world: World) -> None:
    there.said.append(_dead_letter("scoring", "evidence.events.v1", 0, 0))


def say_what_nobody_can_read(there: Snapshot, world: World) -> None:
    there.said.append(_poison())


def leave_an_outbox(there: Snapshot, world: World) -> None:
    there.documents["scoring"]["outbox"] = [
        {"_id": "evidence.events.v1:0:1:0", "source": "evidence.events.v1:0",
         "subjects": [world.declined], "records": []}
    ]  # fmt: skip


def leave_something_pending(there: Snapshot, world: World) -> None:
    visit = there.find("assignment", "visits", _id=world.declined)
    visit |= {
        "has_pending": True, "relay_bucket": 1,
        "pending": [{"id": "a", "subject": world.declined}],
    }  # fmt: skip


def park_a_visit(there: Snapshot, world: World) -> None:
    there.documents["comparison"]["parked_subjects"] = [
        {"_id": "x", "source": "scoring.events.v1:0", "subject": world.declined, "reason": "?"}
    ]


def lose_an_item(there: Snapshot, world: World) -> None:
    report = there.find("evidence", "reports", _id=world.approved)
    report["items"][0]["object_key"] += "0"


def take_other_bytes(there: Snapshot, world: World) -> None:
    report = there.find("evidence", "reports", _id=world.approved)
    report["items"][0]["sha256"] = "0" * 64


def take_another_size(there: Snapshot, world: World) -> None:
    report = there.find("evidence", "reports", _id=world.approved)
    report["items"][0]["size_bytes"] += 1


DAMAGES: tuple[tuple[int, Damage], ...] = (
    (1, lose_a_score), (1, lose_a_result), (1, lose_a_payout), (1, pay_twice),
    (1, lose_a_delivery), (1, count_what_was_rejected), (1, forget_a_report_in_assignment),
    (1, keep_an_old_branch), (1, lose_a_visit_in_evidence),
    (2, count_a_score_twice), (2, move_an_answer), (2, lose_sums),
    (2, move_a_branch_to_another_city),
    (3, swap_two_events), (3, move_a_visit_to_another_partition),
    (4, lose_the_last_event), (4, lose_evidence_stored), (4, lose_an_outcome),
    (4, lose_a_branch_event), (4, say_it_twice_under_two_ids), (4, say_it_twice_with_other_bytes),
    (4, say_what_nobody_decided),
    (5, leave_a_dead_letter), (5, say_what_nobody_can_read),
    (6, leave_an_outbox), (6, leave_something_pending), (6, park_a_visit),
    (8, lose_an_item), (8, take_other_bytes), (8, take_another_size),
)  # fmt: skip


@pytest.mark.parametrize(
    ("invariant", "damage"), DAMAGES, ids=[f"{number}-{each.__name__}" for number, each in DAMAGES]
)
async def test_one_damage_is_one_violated_invariant(
    world: World,
    its_copy: Copy,
    monkeypatch: pytest.MonkeyPatch,
    invariant: int,
    damage: Damage,
) -> None:
    there = world.snapshot.copied()
    damage(there, world)
    if there.said == world.snapshot.said:
        monkeypatch.setenv(NAMESPACE, its_copy.namespace)
        await there.replace(world.snapshot, its_copy.connections)
        verdict = await verify(its_copy.connections)
        await world.snapshot.replace(there, its_copy.connections)
    else:
        verdict = await _verdict(world, there, monkeypatch)
    assert _broken(verdict) == {invariant}, verdict.violations


def _poison(partition: int = 0) -> Said:
    return Said("evidence.events.v1", partition, b"branch", b"{broken", (("ce_id", b"poison"),))


def _dead_letter(consumer: str, topic: str, partition: int, offset: int) -> Said:
    said = {
        "dlq_source_topic": topic, "dlq_source_partition": str(partition),
        "dlq_source_offset": str(offset), "dlq_consumer": consumer, "dlq_reason": "broken",
        "dlq_time": now().isoformat(),
    }  # fmt: skip
    headers = (("ce_id", b"poison"), *((name, each.encode()) for name, each in said.items()))
    return Said(f"{topic}.{consumer}.dlq", 0, b"branch", b"{broken", headers)


async def test_duplicates_are_counted_and_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world.snapshot.copied()
    there.said += [there.said[number] for number in there.about(world.approved, EVENTS)]
    verdict = await _verdict(world, there, monkeypatch)
    assert not verdict.violations, verdict.violations
    assert verdict.counts[f"duplicates on {EVENTS}"] == 2


async def test_poison_is_right_where_each_reader_has_refused_it_and_only_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world.snapshot.copied()
    topic = "evidence.events.v1"
    offset = sum(each.topic == topic and each.partition == 0 for each in there.said)
    there.said += [
        _poison(),
        *(_dead_letter(one, topic, 0, offset) for one in ("assignment", "scoring")),
    ]
    known = Known(poison=[(topic, 0, offset)])
    verdict = await _verdict(world, there, monkeypatch, known)
    assert [each.invariant for each in verdict.violations] == [5]
    assert verdict.violations[0].what.startswith("notification can't read")
    there.said.append(_dead_letter("notification", topic, 0, offset))
    verdict = await _verdict(world, there, monkeypatch, known)
    assert not verdict.violations, verdict.violations


async def test_injected_events_are_nobodys_and_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world.snapshot.copied()
    first = there.said[there.about(world.approved, EVENTS)[0]]
    there.said += [first, first.under("injected")]
    verdict = await _verdict(
        world, there, monkeypatch, Known(injected=["injected", first.header("ce_id")])
    )
    assert not verdict.violations, verdict.violations


async def test_a_checkpoint_behind_its_partition_is_unsettled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _put(world, world.snapshot, monkeypatch) as connections:
        db = connections.databases["comparison"]
        await db["checkpoints"].update_one({"next": {"$gt": 0}}, {"$inc": {"next": -1}})
        verdict = await verify(connections, settle_s=1)
        assert len(await settled(connections)) == 1
    assert _broken(verdict) == {6}, verdict.violations


async def test_on_a_live_system_only_what_is_stuck_is_unsettled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world.snapshot.copied()
    leave_an_outbox(there, world)
    async with _put(world, there, monkeypatch) as connections:
        stuck = await verify(connections, options=Options(live=True))

        async def goes_on(what: str) -> None:
            await connections.databases["scoring"]["outbox"].delete_many({})

        tasks: set[asyncio.Task[None]] = set()

        def tell(what: str, done: int) -> None:
            if what.startswith("reading assignment.events") and not tasks:
                tasks.add(asyncio.create_task(goes_on(what)))

        moving = await verify(connections, options=Options(live=True, tell=tell))
        await asyncio.gather(*tasks)
    assert _broken(stuck) == {6}, stuck.violations
    assert not moving.violations, moving.violations
    assert moving.counts["left out, for they moved"] == 1


async def test_what_was_answered_must_be_there(
    world: World, its_copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = world.snapshot.documents["evidence"]["reports"]
    told = {each["_id"]: each["revision"] for each in reports if each["state"] == "completed"}
    events = [each["event_id"] for each in world.snapshot.documents["notification"]["deliveries"]]
    good = Known(
        accepted=told, answers={"key": ["a", "a"]}, webhooks=[(each, True) for each in events],
        recovered_within_s=14.9,
    )  # fmt: skip
    a_visit, an_event = world.approved, events[0]
    wrong = {
        7: [
            replace(good, accepted={**told, a_visit: 2}),
            replace(good, accepted={**told, world.declined: 1}),
            replace(good, accepted={**told, "lost": 1}),
            replace(good, accepted={each: told[each] for each in told if each != a_visit}),
            replace(good, answers={"key": ["a", "b"]}),
        ],
        9: [replace(good, recovered_within_s=15.1)],
        10: [
            replace(good, webhooks=[(each, True) for each in events if each != an_event]),
            replace(good, webhooks=[*(good.webhooks or ()), (an_event, False)]),
        ],
    }
    monkeypatch.setenv(NAMESPACE, its_copy.namespace)
    connections = its_copy.connections
    verdict = await verify(connections, known=good)
    assert not verdict.violations, verdict.violations
    assert {7, 9, 10} <= verdict.checked.keys()
    for invariant, each in [(number, one) for number, some in wrong.items() for one in some]:
        verdict = await verify(connections, known=each)
        assert _broken(verdict) == {invariant}, (each, verdict.violations)
    unsure = replace(good, accepted={**told, a_visit: 2}, uncertain=[a_visit])
    assert not (await verify(connections, known=unsure)).violations


async def test_the_bytes_themselves_are_hashed_when_asked(
    world: World, its_copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMESPACE, its_copy.namespace)
    connections = its_copy.connections
    verdict = await verify(connections, options=Options(deep=True))
    assert not verdict.violations, verdict.violations


async def test_the_command_says_what_is_wrong_and_by_its_status_that_something_is(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    known = tmp_path / "known.json"
    Known(recovered_within_s=16.0).write(known)
    async with _put(world, world.snapshot, monkeypatch):
        assert await asyncio.to_thread(main, ["verify", "--no-objects"]) == 0
        assert "10  each webhook" in capsys.readouterr().out
        status = await asyncio.to_thread(
            main, ["verify", "--no-objects", "--json", "--known", str(known)]
        )
        assert status == 1
        said = json.loads(capsys.readouterr().out)
        assert [each["invariant"] for each in said["violations"]] == [9]
        missing = ["verify", "--known", str(tmp_path / "none.json")]
        assert await asyncio.to_thread(main, missing) == 2
