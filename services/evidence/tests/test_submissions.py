"""Submitting a report: once, whatever the network does to the requests."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitCancelled, VisitReturned
from incognita_shared.events.evidence import ReportCompleted, ReportFlagged
from incognita_shared.values import EvidenceKind, EvidenceRequirement

Make = Callable[..., Any]
Accept = Callable[[Visit], Awaitable[Visit]]
Submit = Callable[..., Awaitable[Any]]
SOUND = [("evidence.stored", 1), ("report.completed", 2)]


@pytest.fixture
async def visit(accept: Accept, make_visit: Make) -> Visit:
    return await accept(make_visit())


async def test_a_sound_report_is_completed_in_one_write(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make, said_bodies: Make
) -> None:
    await uploaded(visit, photo())
    answer = await submit(visit)
    assert answer.status_code == 200
    assert answer.json() == {
        "visit_id": visit.id, "state": "completed", "report_revision": 1, "missing": [],
        "missing_stages": [],
    }  # fmt: skip
    assert await said(visit) == SOUND
    (body,) = await said_bodies(visit, "report.completed")
    event = ReportCompleted.model_validate(body)
    assert event.findings == ()
    assert event.answers == {"greeted": True, "rings": 2}
    assert event.items[0].version_id
    assert event.shopper_id == "shopper-1"


async def test_twenty_identical_submissions_at_once_make_one_report(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make
) -> None:
    await uploaded(visit, photo())
    answers = await asyncio.gather(*(submit(visit) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["state"] == "completed"
    assert await said(visit) == SOUND


async def test_twenty_submissions_under_different_keys_make_one_report(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make
) -> None:
    await uploaded(visit, photo())
    answers = await asyncio.gather(*(submit(visit, f"key-{n}") for n in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await said(visit) == SOUND


async def test_the_same_key_with_another_body_is_refused(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make
) -> None:
    await uploaded(visit, photo())
    await submit(visit)
    answer = await submit(visit, answers={"greeted": False, "rings": 2})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "header.Idempotency-Key"
    assert await said(visit) == SOUND


async def test_a_submission_taken_before_its_visit_was_cancelled_is_answered_as_it_was(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make, handle: Make
) -> None:
    await uploaded(visit, photo())
    first = await submit(visit)
    cancelled = VisitCancelled(
        chain_id="chain-a", visit_id=visit.id, branch_id="branch-1", wave_id="wave-1", seq=3,
        reason="closed", cancelled_at=now(),
    )  # fmt: skip
    await handle(cancelled)
    again = await submit(visit)
    assert (again.status_code, again.text) == (200, first.text)
    assert (await submit(visit, "key-2")).status_code == 409
    assert await said(visit) == SOUND


async def test_other_content_after_completion_is_refused(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make
) -> None:
    await uploaded(visit, photo())
    await submit(visit)
    answer = await submit(visit, "key-2", answers={"greeted": False, "rings": 2})
    assert (answer.status_code, answer.json()["state"]) == (409, "completed")
    assert await said(visit) == SOUND


async def test_an_incomplete_report_completes_with_the_last_item(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make, shopper: Any
) -> None:
    answer = await submit(visit)
    assert answer.status_code == 200
    assert answer.json()["state"] == "incomplete"
    assert answer.json()["missing"] == [
        {
            "kind": "photo", "question_id": None, "needed": 1, "present": 0,
            "minimum_duration_s": None,
        }
    ]  # fmt: skip
    assert (await submit(visit)).json() == answer.json()
    assert await said(visit) == []
    item_id = await uploaded(visit, photo())
    await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
    assert await said(visit) == SOUND
    last = await submit(visit)
    assert (last.status_code, last.json()["state"]) == (200, "completed")
    report = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert (report["state"], report["missing"]) == ("completed", [])
    assert await said(visit) == SOUND


async def test_repeating_an_incomplete_submission_picks_up_what_came_meanwhile(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make
) -> None:
    await submit(visit)
    await uploaded(visit, photo())
    assert (await submit(visit)).json()["state"] == "completed"
    assert await said(visit) == SOUND


async def test_a_late_copy_of_an_earlier_submission_does_not_undo_a_later_one(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    await submit(visit, "key-1", answers={"greeted": True, "rings": 1})
    await submit(visit, "key-2", answers={"greeted": True, "rings": 9})
    await uploaded(visit, photo())
    assert (await submit(visit, "key-1", answers={"greeted": True, "rings": 1})).json()[
        "state"
    ] == "incomplete"
    await submit(visit, "key-2", answers={"greeted": True, "rings": 9})
    (completed,) = await said_bodies(visit, "report.completed")
    assert completed["answers"]["rings"] == 9


async def test_a_short_recording_is_missing(
    accept: Accept, make_visit: Make, uploaded: Make, submit: Submit, media: Path
) -> None:
    ten = EvidenceRequirement(kind=EvidenceKind.AUDIO, minimum_duration_s=10)
    visit = await accept(make_visit(evidence=(ten,)))
    short, long = ((media / f"{n}.ogg").read_bytes() for n in ("198-209-0000", "3436-172162-0000"))
    await uploaded(visit, short, kind="audio", content_type="audio/ogg", duration_s=9)
    assert (await submit(visit)).json()["missing"][0]["minimum_duration_s"] == 10
    await uploaded(visit, long, kind="audio", content_type="audio/ogg", duration_s=14.2)
    assert (await submit(visit)).json()["state"] == "completed"


async def test_an_answer_can_ask_for_evidence(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make
) -> None:
    await uploaded(visit, photo())
    dirty = {"greeted": True, "rings": 2, "dirty": True}
    answer = await submit(visit, answers=dirty)
    assert [m["question_id"] for m in answer.json()["missing"]] == ["dirty"]
    await uploaded(visit, photo("DSCN0012"), question_id="dirty")
    assert (await submit(visit, answers=dirty)).json()["state"] == "completed"


async def test_a_reason_for_missing_evidence_completes_the_report_for_a_reviewer(
    visit: Visit, submit: Submit, said: Make, said_bodies: Make
) -> None:
    answer = await submit(visit, missing_evidence_reasons={"photo": "I was told not to."})
    assert answer.json()["state"] == "completed"
    assert await said(visit) == [("report.completed", 1), ("report.flagged", 2)]
    (flagged,) = await said_bodies(visit, "report.flagged")
    (finding,) = ReportFlagged.model_validate(flagged).findings
    assert (finding.code, finding.severity) == ("missing_item", "major")
    assert "told not to" in finding.detail


async def test_a_photo_from_another_place_and_year_is_flagged(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    await uploaded(visit, photo("sony_hx5v"))
    assert (await submit(visit)).json()["state"] == "completed"
    (flagged,) = await said_bodies(visit, "report.flagged")
    assert {finding["code"] for finding in flagged["findings"]} == {
        "outside_geofence",
        "exif_time_outside_visit",
    }


async def test_a_photo_used_in_two_visits_is_flagged_in_the_later(
    accept: Accept, make_visit: Make, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    first, second = await accept(make_visit()), await accept(make_visit())
    for visit in (first, second):
        await uploaded(visit, photo())
        await submit(visit)
    assert await said_bodies(first, "report.flagged") == []
    (flagged,) = await said_bodies(second, "report.flagged")
    (finding,) = flagged["findings"]
    assert finding["code"] == "duplicate_in_chain"
    assert first.id in finding["detail"]


async def test_of_visits_racing_with_one_photo_all_but_at_most_one_are_flagged(
    accept: Accept, make_visit: Make, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    visits = [await accept(make_visit()) for _ in range(6)]
    for visit in visits:
        await uploaded(visit, photo())
    await asyncio.gather(*(submit(visit) for visit in visits))
    flagged = [len(await said_bodies(visit, "report.flagged")) for visit in visits]
    assert sum(flagged) >= len(visits) - 1


async def test_a_photo_for_two_questions_of_a_visit_is_flagged(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    await uploaded(visit, photo())
    await uploaded(visit, photo(), question_id="dirty")
    await submit(visit)
    (flagged,) = await said_bodies(visit, "report.flagged")
    assert [finding["code"] for finding in flagged["findings"]] == ["duplicate_in_visit"]


async def test_a_late_report_is_flagged(
    accept: Accept, make_visit: Make, uploaded: Make, submit: Submit, photo: Make, said_bodies: Make
) -> None:
    visit = await accept(make_visit(due_at=now() - timedelta(hours=1)))
    await uploaded(visit, photo())
    await submit(visit)
    (flagged,) = await said_bodies(visit, "report.flagged")
    assert [(f["code"], f["severity"]) for f in flagged["findings"]] == [("late_report", "minor")]


async def test_a_returned_report_becomes_the_next_revision(
    visit: Visit, uploaded: Make, submit: Submit, photo: Make, said: Make, said_bodies: Make,
    handle: Make, shopper: Any,
) -> None:  # fmt: skip
    await uploaded(visit, photo())
    first = await submit(visit)
    returned = VisitReturned(
        chain_id="chain-a", visit_id=visit.id, branch_id="branch-1", wave_id="wave-1", seq=3,
        report_revision=1, reason="one more photo", due_at=visit.due_at,
    )  # fmt: skip
    await handle(returned, times=2)
    report = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert (report["state"], report["report_revision"]) == ("open", 2)
    assert report["return_reason"] == "one more photo"
    assert report["answers"] == {"greeted": True, "rings": 2}
    assert (await submit(visit)).json() == first.json()
    await uploaded(visit, photo("DSCN0012"))
    second = await submit(visit, "key-2")
    assert second.json() == first.json() | {"report_revision": 2}
    assert await said(visit) == [*SOUND, ("evidence.stored", 3), ("report.completed", 4)]
    revisions = await said_bodies(visit, "report.completed")
    assert [(r["report_revision"], len(r["items"])) for r in revisions] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"greeted": "perhaps", "rings": 2}, "answers.greeted"),
        ({"greeted": True, "rings": 2, "unheard-of": 1}, "answers.unheard-of"),
        ({"greeted": True}, "answers.rings"),
        ({"greeted": True, "rings": -1}, "answers.rings"),
        ({"greeted": True, "rings": 2**60}, "answers.rings"),
        ({"greeted": True, "rings": {"$gt": 1}}, "answers.rings"),
        ({"greeted": True, "rings": [[1]]}, "answers.rings"),
    ],
)
async def test_a_bad_answer_is_named_and_changes_nothing(
    visit: Visit, submit: Submit, db: Any, *, answers: dict[str, Any], field: str
) -> None:
    answer = await submit(visit, answers=answers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await db["reports"].count_documents({}) == 0


@pytest.mark.parametrize("key", [None, "", "clé", "x" * 201])
async def test_a_submission_needs_an_idempotency_key(
    visit: Visit, shopper: Any, submission: Make, key: str | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key.encode()}
    answer = await shopper.post(
        f"/v1/visits/{visit.id}/report:submit", json=submission(), headers=headers
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "header.idempotency-key"


async def test_a_visit_cannot_end_before_it_began(visit: Visit, submit: Submit) -> None:
    answer = await submit(visit, ended_at="2001-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert "ended_at" in answer.text


async def test_a_draft_is_kept_and_checked_by_type(visit: Visit, shopper: Any) -> None:
    url = f"/v1/visits/{visit.id}/report/answers"
    saved = await shopper.put(url, json={"answers": {"greeted": True}})
    assert (saved.status_code, saved.json()["state"]) == (200, "open")
    assert (await shopper.put(url, json={"answers": {"rings": "many"}})).status_code == 422
    report = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert report["answers"] == {"greeted": True}
    assert [missing["kind"] for missing in report["missing"]] == ["photo"]


async def test_no_draft_after_submitting(visit: Visit, shopper: Any, submit: Submit) -> None:
    await submit(visit)
    url = f"/v1/visits/{visit.id}/report/answers"
    answer = await shopper.put(url, json={"answers": {"greeted": False}})
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["submit"])


async def test_a_visit_before_its_questionnaire_is_to_be_tried_again(
    make_visit: Make, offered: Make, handle: Make, db: Any, submit: Submit
) -> None:
    visit = make_visit()
    await handle(offered(visit))
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": "accepted"}})
    answer = await submit(visit)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
