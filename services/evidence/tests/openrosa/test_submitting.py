"""What a phone sends, in whatever parts and order, becomes one report."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from incognita_evidence.visit import Visit, VisitState
from incognita_shared.events.assignment import VisitReturned
from tests.collect.client import Collect, Refused
from tests.collect.form import Instance

Make = Callable[..., Visit]
Accept = Callable[[Visit], Awaitable[Visit]]
Fill = Callable[..., Awaitable[Instance]]
Said = Callable[[Visit], Awaitable[list[tuple[str, int]]]]
ONCE = [("evidence.stored", 1), ("report.completed", 2)]


async def test_a_filled_form_with_its_photo_is_a_completed_report(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any
) -> None:
    visit = await accept(make_visit())
    [answer] = await phone.send(await filled(visit))
    assert answer.status_code == 201
    assert "Received" in answer.text
    assert await said(visit) == ONCE
    report = await db["reports"].find_one({"_id": visit.id})
    assert report["answers"] == {"greeted": True, "rings": 2}
    assert report["findings"] == []
    await phone.update()
    assert phone.forms == {}


async def test_twenty_parallel_copies_make_one_report(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    answers = await asyncio.gather(*(phone.post(instance, ["1.jpg"]) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert await said(visit) == ONCE
    assert await db["arrivals"].count_documents({}) == 1


async def test_parts_may_come_in_any_order_and_again_after_a_lost_answer(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit, pictures=1, answers={"dirty": "yes"})
    form = phone.forms[visit.id]
    assert "ms_evidence_0_1_dirty" in form.names()
    instance = await filled(
        visit,
        answers={
            "dirty": "yes",
            "ms_evidence_0_1_dirty": "2.jpg",
            "ms_evidence_0_2_dirty": "3.jpg",
        },
    )
    photos = await filled(visit, pictures=1)
    instance.media |= {f"{each}.jpg": photos.media["1.jpg"] for each in (2, 3)}
    instance.media["3.jpg"] = ("image/jpeg", instance.media["3.jpg"][1] + b"\0")
    told = [await phone.post(instance, [name]) for name in ("3.jpg", "1.jpg")]
    assert "1 of 3" in told[-1].text
    assert ("report.completed", 4) not in await said(visit)
    await phone.post(instance, ["3.jpg", "2.jpg"])
    await phone.send(instance, order=lambda names: names[::-1])
    events = await said(visit)
    assert [name for name, _ in events].count("report.completed") == 1
    report = await db["reports"].find_one({"_id": visit.id})
    assert [item["state"] for item in report["items"]] == ["stored"] * 3


async def test_files_before_the_xml_wait_in_the_store_and_are_gone_from_there(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, store: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    content_type, photo = instance.media["1.jpg"]
    answer = await phone.http.post(
        f"{phone.server}/submission",
        files=[
            ("1.jpg", ("1.jpg", photo, content_type)),
            ("xml_submission_file", ("form.xml", instance.xml, "text/xml")),
        ],
    )
    assert answer.status_code == 201
    assert await said(visit) == ONCE
    assert not await _incoming(store)


async def test_wrong_answers_are_findings_and_never_refused(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, db: Any
) -> None:
    visit = await accept(make_visit())
    wrong = {"greeted": "maybe", "rings": "3,5"}
    await phone.send(await filled(visit, pictures=0, answers=wrong, smuggled="1"))
    report = await db["reports"].find_one({"_id": visit.id})
    codes = {(each["code"], each["question_id"]) for each in report["findings"]}
    assert codes >= {
        ("invalid_answer", "greeted"),
        ("invalid_answer", "rings"),
        ("unknown_answer", "smuggled"),
        ("missing_item", None),
    }
    assert report["state"] == "completed"
    assert report["flagged"]


async def test_another_form_under_the_same_instance_id_is_kept_and_found(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, db: Any, store: Any
) -> None:
    visit = await accept(make_visit())
    first = await filled(visit, instance_id="uuid:same")
    other = await filled(visit, instance_id="uuid:same", answers={"rings": "9"})
    for instance in (first, other, other, first):
        await phone.send(instance)
    report = await db["reports"].find_one({"_id": visit.id})
    assert report["answers"]["rings"] == 2
    codes = [each["code"] for each in report["findings"]]
    assert sorted(codes) == ["conflict_version", "second_submission"]
    [arrival] = await db["arrivals"].find().to_list()
    for digest in arrival["versions"]:
        assert await store.head(f"chain-a/{visit.id}/{digest}")


async def test_a_second_form_for_a_visit_that_has_its_report_is_kept_and_found(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any
) -> None:
    visit = await accept(make_visit())
    first, second = await filled(visit), await filled(visit, answers={"rings": "9"})
    await phone.send(first)
    [answer] = await phone.send(second)
    assert answer.status_code == 201
    assert "that one counts" in answer.text
    assert (await said(visit))[2:] == [("report.flagged", 3)]
    report = await db["reports"].find_one({"_id": visit.id})
    assert report["answers"]["rings"] == 2
    assert report["flagged"]


async def test_a_form_of_a_visit_cancelled_meanwhile_is_kept_and_does_not_count(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any, store: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": VisitState.CANCELLED}})
    [answer] = await phone.send(instance)
    assert answer.status_code == 201
    assert "does not count" in answer.text
    assert await said(visit) == []
    report = await db["reports"].find_one({"_id": visit.id})
    assert [each["code"] for each in report["findings"]] == ["visit_closed"]
    [arrival] = await db["arrivals"].find().to_list()
    for digest in (arrival["xml_sha256"], arrival["files"][0]["sha256"]):
        assert await store.head(f"chain-a/{visit.id}/{digest}")


async def test_a_resend_after_the_visit_was_cancelled_finds_nothing_new(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    await phone.send(instance)
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": VisitState.CANCELLED}})
    await phone.send(instance)
    assert (await db["reports"].find_one({"_id": visit.id}))["findings"] == []


async def test_a_returned_report_is_filled_anew_and_the_old_form_sent_again_undoes_nothing(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, said: Said, db: Any, handle: Any
) -> None:
    visit = await accept(make_visit())
    first = await filled(visit)
    await phone.send(first)
    await handle(
        VisitReturned(
            chain_id="chain-a",
            visit_id=visit.id,
            branch_id=visit.branch_id,
            wave_id=visit.wave_id,
            seq=3,
            report_revision=1,
            reason="Which ring?",
            due_at=visit.due_at,
        )
    )
    await phone.send(first)
    assert (await db["reports"].find_one({"_id": visit.id}))["state"] == "open"
    await phone.send(await filled(visit, answers={"rings": "4"}))
    report = await db["reports"].find_one({"_id": visit.id})
    assert (report["state"], report["revision"]) == ("completed", 2)
    assert report["answers"]["rings"] == 4
    assert [name for name, _ in await said(visit)].count("report.completed") == 2


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        (b'<!DOCTYPE a><data id="x"/>', 400),
        (b"no XML", 400),
        (b'<data id="00000000000000000000000000000000"/>', 404),
        (b'<data id="x">' + b" " * 1_000_000 + b"</data>", 413),
    ],
)
async def test_unreadable_unknown_and_too_large_forms_are_refused(
    phone: Collect, xml: bytes, status: int
) -> None:
    with pytest.raises(Refused) as refused:
        await phone.post(Instance("x", xml), [])
    assert refused.value.status == status


async def test_a_file_that_came_before_an_unreadable_form_is_not_left_waiting(
    phone: Collect, store: Any, photo: Callable[[str], bytes]
) -> None:
    for xml in (b"no XML", None):
        parts = [("1.jpg", ("1.jpg", photo("DSCN0010"), "image/jpeg"))]
        if xml is not None:
            parts.append(("xml_submission_file", ("form.xml", xml, "text/xml")))
        answer = await phone.http.post(f"{phone.server}/submission", files=parts)
        assert answer.status_code == 400
    assert not await _incoming(store)


async def test_a_form_of_another_shopper_s_visit_is_unknown(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"shopper_id": "shopper-2"}})
    with pytest.raises(Refused, match="404"):
        await phone.send(instance)


async def test_a_body_that_is_cut_short_or_no_multipart_is_refused(phone: Collect) -> None:
    url = f"{phone.server}/submission"
    for body, content_type in (
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b"),
        (b"", "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data"),
    ):
        answer = await phone.http.post(url, content=body, headers={"Content-Type": content_type})
        assert answer.status_code == 400, body


async def test_a_file_that_is_no_evidence_is_kept_and_found(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    for data in (b"", b"<html>no photo</html>"):
        broken = replace(instance, media={"1.jpg": ("image/jpeg", data)})
        await phone.send(broken)
    report = await db["reports"].find_one({"_id": visit.id})
    codes = {each["code"] for each in report["findings"]}
    assert codes >= {"unusable_file", "missing_item"}


async def _incoming(store: Any) -> list[str]:
    def listed(client: Any) -> list[str]:
        found = client.list_objects(
            store.bucket, prefix="chain-a/incoming/", recursive=True, include_version=True
        )
        return [each.object_name for each in found]

    names: list[str] = await store.run("ListObjects", None, listed)
    return names
