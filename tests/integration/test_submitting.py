"""A report handed in by a phone that does not know whether it was heard."""

import asyncio

import httpx

from incognita_demo.reconcile import STANDING
from incognita_shared.ids import new_id
from tests.stage import Stage
from tests.system import eventually, problem

COPIES = 20


async def test_the_same_submission_20_times_in_parallel_makes_one_report_and_one_answer(
    stage: Stage,
) -> None:
    phone, key = stage.next_visit(), new_id()
    await phone.accept()
    await phone.upload(phone.photo())
    await phone.upload(phone.recording())
    body = phone.report()
    answers = await asyncio.gather(*(phone.submit(body, idempotency=key) for _ in range(COPIES)))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["state"], answers[0]["report_revision"]) == ("completed", 1)
    await stage.reaches(phone, "approved")
    assert (await stage.compared(phone))["standing"]["visits"] == 1
    reports = await stage.ask("evidence", f"GET /v1/reports?wave_id={stage.wave_id}&limit=500")
    assert [one["visit_id"] for one in reports["items"]].count(phone.visit_id) == 1
    revisions = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}/revisions")
    assert len(revisions) == 1

    async def told() -> int:
        return stage.inbox.visits[STANDING][phone.visit_id]

    assert await eventually(told, "the webhook has come") == 1
    assert len(await stage.payouts(phone)) == 1


async def test_the_same_key_with_other_answers_is_refused(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    await phone.upload(phone.photo())
    body = phone.report()
    first = await phone.submit(body, idempotency="one-key")
    assert first["state"] == "incomplete"
    other = {**body, "answers": {**body["answers"], "greeted": not body["answers"]["greeted"]}}
    answer = await stage.system.ask(
        "evidence",
        f"POST /v1/visits/{phone.visit_id}/report:submit",
        key=phone.key,
        json=other,
        headers={"Idempotency-Key": "one-key"},
    )
    found = problem(answer, httpx.codes.UNPROCESSABLE_ENTITY)
    assert found["errors"][0]["field"] == "header.Idempotency-Key"


async def test_an_incomplete_report_completes_when_its_last_file_arrives(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    await phone.upload(phone.photo())
    body = phone.report()
    first = await phone.submit(body, idempotency="again")
    assert first["state"] == "incomplete"
    assert {one["kind"] for one in first["missing"]} == {"audio"}
    item_id = await phone.upload(phone.recording())
    item = await phone.call(
        "evidence", f"POST /v1/visits/{phone.visit_id}/uploads/{item_id}:verify"
    )
    assert item["state"] == "stored"
    again = await phone.submit(body, idempotency="again")
    assert (again["state"], again["report_revision"]) == ("completed", 1)
    await stage.reaches(phone, "approved")
