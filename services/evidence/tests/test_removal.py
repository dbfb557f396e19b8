"""Files whose retention has ended: gone from the store, noted with their reports, and no others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from minio import Minio

from incognita_evidence.desk import desks
from incognita_evidence.removal import Removal
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.versions import remove_object
from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitCancelled, VisitReturned
from incognita_shared.health import Health
from incognita_shared.ids import new_id
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import EvidenceKind, EvidenceRequirement
from support.forms import asked, form, section
from support.plans import Plans, multiplied

Make = Callable[..., Any]
DAY = timedelta(days=1)


@pytest.fixture
def database(listened: Database) -> Database:
    """The database that ``plans`` hears."""
    return listened


@pytest.fixture(scope="session")
def questionnaire() -> Questionnaire:
    """Photos of badges are kept for 30 days, others as the setting says."""
    badge = {"kind": "photo", "minimum_count": 0, "retention_days": 30}
    return form(
        section(
            "all",
            asked("greeted"),
            asked("badge", required=False, evidence=[badge]),
            asked("shelf", required=False),
        )
    )


@pytest.fixture
def submission(submission: Make) -> Make:
    return lambda **changes: submission(**{"answers": {"greeted": True}} | changes)


@pytest.fixture
def removal(db: Any, store: ObjectStore) -> Callable[..., Removal]:
    """The task, as a process of its own would have it."""

    def make() -> Removal:
        desk_of = desks(db, store, EvidenceSettings())
        return Removal(db, store=store, desk_of=desk_of, health=Health(), owner=new_id())

    return make


@pytest.fixture
def reported(
    accept: Make, make_visit: Make, uploaded: Make, submit: Make, photo: Make
) -> Callable[..., Awaitable[Visit]]:
    """A completed report with one photo of the badge, and one of the shelf."""

    async def run(**changes: Any) -> Visit:
        both = EvidenceRequirement(kind=EvidenceKind.PHOTO, minimum_count=2)
        visit: Visit = await accept(make_visit(evidence=(both,), **changes))
        await uploaded(visit, photo("DSCN0010"), question_id="badge")
        await uploaded(visit, photo("DSCN0012"), question_id="shelf")
        answer = await submit(visit, key=visit.id)
        assert answer.json()["state"] == "completed", answer.text
        return visit

    return run


@pytest.fixture
def later(db: Any) -> Callable[..., Awaitable[None]]:
    """Let the days of a report's retention be over."""

    async def run(visit: Visit) -> None:
        past = now() - DAY
        await db["reports"].update_one(
            {"_id": visit.id},
            {
                "$set": {"items.$[each].remove_at": past, "next_removal_at": past},
                "$inc": {"version": 1},
            },
            array_filters=[{"each.remove_at": {"$ne": None}}],
        )

    return run


@pytest.fixture
def items(db: Any) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Question id → the item as it is kept."""

    async def run(visit: Visit) -> dict[str, Any]:
        report = await db["reports"].find_one({"_id": visit.id})
        return {item["question_id"]: item for item in report["items"]}

    return run


async def test_what_is_due_goes_and_the_rest_stays(
    reported: Make, later: Make, items: Make, removal: Make, store: ObjectStore
) -> None:
    due, other = await reported(), await reported()
    badge = (await items(due))["badge"]
    assert timedelta(days=29) < badge["remove_at"] - now() < timedelta(days=31)
    assert (await items(due))["shelf"]["remove_at"] is None
    task = removal()
    assert await task.remove_due() == 0
    await later(due)
    assert await task.remove_due() == 1
    assert await task.remove_due() == 0
    kept = await items(due)
    assert {name: item["state"] for name, item in kept.items()} == {
        "badge": "removed", "shelf": "stored",
    }  # fmt: skip
    assert await store.head(badge["object_key"]) is None
    assert await store.head(badge["object_key"], version_id=badge["version_id"]) is None
    assert await store.head(kept["shelf"]["object_key"]) is not None
    for item in (await items(other)).values():
        assert item["state"] == "stored"
        assert await store.head(item["object_key"]) is not None


async def test_all_versions_of_an_object_go_and_its_neighbour_stays(store: ObjectStore) -> None:
    for key in ("chain/visit/file", "chain/visit/file", "chain/visit/file-2"):
        await store.run("PutObject", key, lambda c, key=key: put(c, store.bucket, key))
    await store.run(
        "DeleteObject", None, lambda client: client.remove_object(store.bucket, "chain/visit/file")
    )
    await remove_object(store, "chain/visit/file")
    assert await all_versions(store) == ["chain/visit/file-2"]
    await remove_object(store, "chain/visit/file")


async def test_a_reviewer_sees_why_there_is_no_file(
    reported: Make, later: Make, removal: Make, client_as: Make
) -> None:
    visit = await reported()
    await later(visit)
    reviewer = await client_as("reviewer")
    before = (await reviewer.get(f"/v1/reports/{visit.id}")).json()["items"][0]
    await removal().remove_due()
    item, shelf = (await reviewer.get(f"/v1/reports/{visit.id}")).json()["items"]
    assert (item["state"], item["download_url"]) == ("removed", None)
    assert item["cause"].startswith("its retention ended on ")
    assert item["sha256"] == before["sha256"]
    last = item["custody"][-1]
    assert (last["what"], last["by"], last["why"]) == ("removed", "evidence", item["cause"])
    assert shelf["download_url"] is not None
    async with httpx.AsyncClient() as anyone:
        assert (await anyone.get(before["download_url"])).status_code == 404


async def test_a_report_that_is_open_again_loses_nothing_and_keeps_what_was_proved(
    reported: Make, later: Make, items: Make, removal: Make, store: ObjectStore, handle: Make,
    submit: Make, shopper: Any, db: Any, photo: Make, declaration: Make,
) -> None:  # fmt: skip
    visit = await reported()
    await later(visit)
    await handle(returned(visit, seq=3, revision=1))
    task = removal()
    assert await task.remove_due() == 1
    assert (await items(visit))["badge"]["state"] == "stored"
    assert await task.remove_due() == 0
    answer = await submit(visit, key="again", answers={"greeted": False})
    assert (answer.json()["state"], answer.json()["report_revision"]) == ("completed", 2)
    assert (await items(visit))["badge"]["remove_at"] > now() + 29 * DAY
    await later(visit)
    assert await task.remove_due() == 1
    await handle(returned(visit, seq=4, revision=2))
    body = declaration(photo("DSCN0010"), question_id="badge", position=None)
    declared = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=body)
    assert (declared.status_code, declared.json()["state"]) == (200, "removed")
    assert declared.json()["upload"] is None
    answer = await submit(visit, key="third", answers={"greeted": True})
    assert (answer.json()["state"], answer.json()["report_revision"]) == ("completed", 3)
    assert (await items(visit))["badge"]["state"] == "removed"
    assert await store.head((await items(visit))["badge"]["object_key"]) is None


async def test_a_visit_that_ends_without_a_report_is_dated_by_its_end(
    accept: Make, make_visit: Make, uploaded: Make, photo: Make, shopper: Any, handle: Make,
    items: Make, removal: Make, store: ObjectStore, db: Any, reported: Make,
) -> None:  # fmt: skip
    visit, complete = await accept(make_visit()), await reported()
    item_id = await uploaded(visit, photo("DSCN0010"), question_id="badge")
    path = f"/v1/visits/{visit.id}/uploads/{item_id}:verify"
    assert (await shopper.post(path)).json()["state"] == "stored"
    for each in (visit, complete):
        await handle(cancelled(each, seq=3), times=2)
    ended = await db["reports"].find_one({"_id": visit.id})
    await handle(cancelled(visit, seq=3))
    assert await db["reports"].find_one({"_id": visit.id}) == ended
    task = removal()
    assert await task.remove_due() == 1
    assert (await db["reports"].find_one({"_id": complete.id}))["given_up_at"] is None
    badge = (await items(visit))["badge"]
    assert badge["state"] == "stored"
    assert timedelta(days=29) < badge["remove_at"] - now() < timedelta(days=31)
    assert await task.remove_due() == 0
    past = now() - 31 * DAY
    await db["reports"].update_one(
        {"_id": visit.id}, {"$set": {"given_up_at": past, "next_removal_at": past}}
    )
    assert await task.remove_due() == 1
    assert (await items(visit))["badge"]["state"] == "removed"
    assert await store.head(badge["object_key"]) is None


async def test_a_report_that_was_given_up_and_counts_after_all_is_open_when_it_is_returned(
    reported: Make, later: Make, items: Make, removal: Make, handle: Make, db: Any
) -> None:
    visit = await reported()
    long_ago = now() - 60 * DAY
    await db["reports"].update_one({"_id": visit.id}, {"$set": {"given_up_at": long_ago}})
    await handle(returned(visit, seq=3, revision=1))
    await later(visit)
    assert await removal().remove_due() == 1
    assert (await items(visit))["badge"]["state"] == "stored"


async def test_what_a_killed_process_left_is_finished_even_if_the_report_was_opened_again(
    reported: Make, later: Make, items: Make, removal: Make, store: ObjectStore, handle: Make,
    db: Any,
) -> None:  # fmt: skip
    before, after = await reported(), await reported()
    for visit in (before, after):
        await later(visit)
        await db["reports"].update_one(
            {"_id": visit.id}, {"$set": {"items.0.state": "removing"}, "$inc": {"version": 1}}
        )
        await handle(returned(visit, seq=3, revision=1))
    key = (await items(after))["badge"]["object_key"]
    await remove_object(store, key)
    assert await removal().remove_due() == 2
    for visit in (before, after):
        item = (await items(visit))["badge"]
        assert item["state"] == "removed"
        assert await store.head(item["object_key"]) is None


async def test_two_processes_at_once_remove_each_file_once(
    reported: Make, later: Make, items: Make, removal: Make
) -> None:
    visits = [await reported() for _ in range(8)]
    for visit in visits:
        await later(visit)
    done = await asyncio.gather(*(removal().remove_due() for _ in range(3)))
    assert sorted(done) == [0, 0, 8]
    for visit in visits:
        item = (await items(visit))["badge"]
        assert [link["what"] for link in item["custody"]].count("removed") == 1


async def test_processes_that_all_believe_to_be_in_charge_do_no_harm(
    reported: Make, later: Make, items: Make, removal: Make, db: Any
) -> None:
    visits = [await reported() for _ in range(4)]
    for visit in visits:
        await later(visit)
    tasks = [removal() for _ in range(3)]
    due = [("chain-a", visit.id) for visit in visits]
    await asyncio.gather(*(task._remove(*each) for each in due for task in tasks))
    for visit in visits:
        item = (await items(visit))["badge"]
        assert item["state"] == "removed"
        assert [link["what"] for link in item["custody"]].count("removed") == 1


async def test_a_held_object_is_left_and_keeps_no_other_waiting(
    reported: Make, later: Make, items: Make, removal: Make, store: ObjectStore, db: Any
) -> None:
    held, other = await reported(), await reported()
    await later(held)
    await later(other)
    item = (await items(held))["badge"]
    task = removal()
    async with on_hold(store, item):
        await task.remove_due()
        assert (await items(held))["badge"]["state"] == "removing"
        assert (await items(other))["badge"]["state"] == "removed"
        assert await store.head(item["object_key"], version_id=item["version_id"]) is not None
    report = await db["reports"].find_one({"_id": held.id})
    assert report["next_removal_at"] > now()
    await later(held)
    await task.remove_due()
    assert (await items(held))["badge"]["state"] == "removed"


async def test_what_is_due_is_found_by_its_index_whatever_is_stored(
    reported: Make, later: Make, removal: Make, db: Any, plans: Plans
) -> None:
    visit = await reported()
    await multiplied(db, "reports", 400)
    await later(visit)
    with plans.capturing():
        assert await removal().remove_due() == 1
    await plans.none_scans(db, most_examined=2, fewest=4)


def cancelled(visit: Visit, *, seq: int) -> VisitCancelled:
    return VisitCancelled(
        chain_id=visit.chain_id, visit_id=visit.id, branch_id=visit.branch_id,
        wave_id=visit.wave_id, seq=seq, shopper_id=visit.shopper_id, reason="closed",
        cancelled_at=now(),
    )  # fmt: skip


def returned(visit: Visit, *, seq: int, revision: int) -> VisitReturned:
    return VisitReturned(
        chain_id=visit.chain_id, visit_id=visit.id, branch_id=visit.branch_id,
        wave_id=visit.wave_id, seq=seq, reason="blurred", report_revision=revision,
        due_at=now() + 5 * DAY, returned_at=now(), shopper_id=visit.shopper_id,
    )  # fmt: skip


@asynccontextmanager
async def on_hold(store: ObjectStore, item: dict[str, Any]) -> AsyncIterator[None]:
    """The object, held as evidence in a dispute by whoever runs the store."""
    name, version_id = item["object_key"], item["version_id"]

    def hold(client: Minio) -> None:
        client.enable_object_legal_hold(store.bucket, name, version_id)

    def let_go(client: Minio) -> None:
        client.disable_object_legal_hold(store.bucket, name, version_id)

    await store.run("PutObjectLegalHold", name, hold)
    try:
        yield
    finally:
        await store.run("PutObjectLegalHold", name, let_go)


def put(client: Minio, bucket: str, key: str) -> None:
    client._put_object(bucket, key, b"bytes", {"Content-Type": "image/jpeg"})


async def all_versions(store: ObjectStore) -> list[str]:
    found = await store.run(
        "ListObjectVersions",
        None,
        lambda client: list(
            client.list_objects(store.bucket, recursive=True, include_version=True)
        ),
    )
    return [each.object_name or "" for each in found]
