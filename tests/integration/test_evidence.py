"""Files that are not what they should be."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from incognita_demo.photos import Media
from incognita_local import Process
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.values import Position
from tests.phone import Phone
from tests.stage import Stage
from tests.system import System, eventually, free_port, is_ready, plain_http, problem

SCRIPT = b"#!/bin/sh\nrm -rf /tmp/nothing\n" + b"# padding\n" * 100
EXPIRY_S = 2


async def codes(stage: Stage, phone: Phone) -> set[str]:
    """The findings of a report that waits for a reviewer."""
    row = await stage.waits_for_review(phone)
    return {finding["code"] for finding in row["findings"]}


async def test_a_reused_photo_is_flagged(stage: Stage) -> None:
    first, second = stage.next_visit(), stage.next_visit()
    photo = first.photo()
    await first.do(photo)
    await stage.reaches(first, "approved")
    await second.do(photo)
    assert "duplicate_in_chain" in await codes(stage, second)

    async def told() -> bool:
        return "duplicate_in_chain" in stage.inbox.flagged[second.visit_id]

    assert await eventually(told, "the chain is told")
    assert stage.inbox.flagged[first.visit_id] == set()
    assert await stage.standing(second.branch_id) is None


async def test_a_photo_from_elsewhere_is_flagged(stage: Stage) -> None:
    phone = stage.next_visit()
    elsewhere = Position(
        latitude=phone.place.latitude - 0.2, longitude=phone.place.longitude, accuracy_m=10
    )
    await phone.do(phone.photo(place=elsewhere))
    assert "outside_geofence" in await codes(stage, phone)


async def test_an_old_photo_is_flagged(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.do(phone.photo(at=phone.local_end - timedelta(days=12)))
    assert "exif_time_outside_visit" in await codes(stage, phone)


async def test_a_script_named_jpg_is_refused_and_nothing_counts(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    await phone.upload(phone.recording())
    script = Media("photo", "image/jpeg", SCRIPT, phone.local_end, phone.place)
    item_id = await phone.upload(script)
    visit = f"/v1/visits/{phone.visit_id}"
    verified = await stage.system.ask(
        "evidence", f"POST {visit}/uploads/{item_id}:verify", key=phone.key
    )
    [error] = problem(verified, httpx.codes.UNPROCESSABLE_ENTITY)["errors"]
    assert error["field"] == f"items.{item_id}"
    assert "image/jpeg" in error["cause"]
    answer = await stage.system.ask(
        "evidence",
        f"POST {visit}/report:submit",
        key=phone.key,
        json=phone.report(),
        headers={"Idempotency-Key": new_id()},
    )
    if answer.is_success:
        assert answer.json()["state"] == "incomplete"
    report = await phone.call("evidence", f"GET {visit}/report")
    assert [one["state"] for one in report["items"] if one["kind"] == "photo"] == ["refused"]
    assert "photo" in {one["kind"] for one in report["missing"]}
    assert (await stage.reaches(phone, "accepted"))["report_revision"] == 0


async def test_the_store_refuses_other_bytes_than_declared(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    photo = phone.photo()
    form = (await phone.declare(photo))["upload"]
    same_size = photo.data[:-1] + bytes([photo.data[-1] ^ 1])
    for spoilt in (same_size, photo.data + b"x", photo.data[:-1], b""):
        assert 400 <= await stage.api.upload(form["url"], form["fields"], spoilt) < 500
    for name in ("key", "Content-Type", "x-amz-checksum-sha256"):
        fields = {**form["fields"], name: form["fields"][name][:-2] + "ab"}
        assert 400 <= await stage.api.upload(form["url"], fields, photo.data) < 500
    item_id = (await phone.declare(photo))["item_id"]
    verified = await stage.system.ask(
        "evidence",
        f"POST /v1/visits/{phone.visit_id}/uploads/{item_id}:verify",
        key=phone.key,
    )
    problem(verified, httpx.codes.CONFLICT)
    assert 200 <= await stage.api.upload(form["url"], form["fields"], photo.data) < 300


@pytest.fixture
async def hasty(system: System, tmp_path: Path) -> AsyncIterator[str]:
    """A second evidence process, whose upload forms expire soon; where it listens."""
    first = system.running.supervisor["evidence"]
    port = free_port()
    environment = {
        **first.env,
        "HTTP_PORT": str(port),
        "KAFKA_GROUP_INSTANCE_ID": "",
        "EVIDENCE_UPLOAD_EXPIRY_S": str(EXPIRY_S),
    }
    url = f"http://127.0.0.1:{port}"
    with Process("evidence-2", first.argv, environment, tmp_path / "evidence-2.log"):
        await eventually(partial(is_ready, url), "the second process is ready", within_s=60)
        yield url


async def test_an_expired_upload_form_is_refused_and_a_new_one_works(
    stage: Stage, hasty: str
) -> None:
    phone = stage.next_visit()
    await phone.accept()
    photo = phone.photo()
    declaration = {
        "kind": "photo",
        "sha256": photo.sha256,
        "size_bytes": len(photo.data),
        "content_type": photo.content_type,
    }
    async with plain_http(timeout_s=30) as http:
        answer = await http.post(
            f"{hasty}/v1/visits/{phone.visit_id}/uploads",
            json=declaration,
            headers={"Authorization": f"Bearer {phone.key}"},
        )
    form = answer.json()["upload"]

    async def expired() -> bool:
        return now().isoformat() > form["expires_at"]

    await eventually(expired, "the form has expired", within_s=EXPIRY_S + 5)
    assert await stage.api.upload(form["url"], form["fields"], photo.data) == 403
    fresh = (await phone.declare(photo))["upload"]
    assert fresh["expires_at"] > form["expires_at"]
    assert 200 <= await stage.api.upload(fresh["url"], fresh["fields"], photo.data) < 300
