"""Offers that are turned down or taken back, and visits that belong to somebody else."""

import httpx

from tests.phone import Phone
from tests.stage import Stage
from tests.system import eventually, problem


async def test_a_declined_visit_is_offered_to_another_shopper(stage: Stage) -> None:
    phone = stage.next_visit()
    reason = {"reason": "Too far for me this week."}
    await phone.call("assignment", f"POST /v1/visits/{phone.visit_id}:decline", reason)
    await stage.ask("assignment", f"POST /v1/waves/{stage.wave_id}:reoffer")

    async def renewed() -> str | None:
        visit = await stage.ask("assignment", f"GET /v1/visits/{phone.visit_id}")
        found: str | None = visit["successor_id"]
        return found

    successor_id = await eventually(renewed, "a new offer names the declined one")
    successor = await stage.ask("assignment", f"GET /v1/visits/{successor_id}")
    assert successor["predecessor_id"] == phone.visit_id
    assert successor["branch_id"] == phone.branch_id
    assert successor["state"] == "offered"
    assert successor["shopper_id"] != phone.visit["shopper_id"]
    other = Phone(stage, successor)
    await other.do()
    await stage.reaches(other, "approved")
    row = await stage.compared(other)
    assert row["standing"]["visits"] == 1
    assert (await stage.reaches(phone, "declined"))["report_revision"] == 0


async def test_an_illegal_move_is_refused_and_the_allowed_ones_are_named(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    answer = await stage.system.ask(
        "assignment",
        f"POST /v1/visits/{phone.visit_id}:decline",
        key=phone.key,
        json={"reason": "I have changed my mind."},
    )
    assert isinstance(problem(answer, httpx.codes.CONFLICT)["allowed"], list)
    assert (await stage.reaches(phone, "accepted"))["accepted_at"]


async def test_a_cancelled_visit_takes_no_report(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    await phone.upload(phone.photo())
    await phone.upload(phone.recording())
    await stage.ask(
        "assignment",
        f"POST /v1/visits/{phone.visit_id}:cancel",
        {"reason": "The branch is being rebuilt."},
    )

    async def closed() -> bool:
        report = await stage.system.ask(
            "evidence", f"GET /v1/visits/{phone.visit_id}/report", key=phone.key
        )
        return bool(report.json().get("visit_state") == "cancelled")

    await eventually(closed, "evidence knows that the visit is cancelled")
    answer = await stage.system.ask(
        "evidence",
        f"POST /v1/visits/{phone.visit_id}/report:submit",
        key=phone.key,
        json=phone.report(),
        headers={"Idempotency-Key": "late"},
    )
    assert problem(answer, httpx.codes.CONFLICT)["state"] == "cancelled"
    assert (await stage.reaches(phone, "cancelled"))["report_revision"] == 0
    assert await stage.payouts(phone) == []
    assert await stage.standing(phone.branch_id) is None


async def test_a_shopper_of_another_visit_sees_404(stage: Stage) -> None:
    phone = stage.next_visit()
    await phone.accept()
    stranger = next(
        one.key for name, one in stage.shoppers.items() if name != phone.visit["shopper_id"]
    )
    visit, body = f"/v1/visits/{phone.visit_id}", phone.report()
    requests = (
        ("assignment", f"GET {visit}", None),
        ("assignment", f"GET {visit}/questionnaire", None),
        ("assignment", f"POST {visit}:accept", None),
        ("assignment", f"POST {visit}:decline", {"reason": "It is not mine."}),
        ("evidence", f"GET {visit}/report", None),
        ("evidence", f"PUT {visit}/report/answers", {"answers": body["answers"]}),
        ("evidence", f"POST {visit}/report:submit", body),
    )
    for service, request, json in requests:
        answer = await stage.system.ask(
            service, request, key=stranger, json=json, headers={"Idempotency-Key": "stranger"}
        )
        assert phone.branch_id not in answer.text, request
        assert problem(answer, httpx.codes.NOT_FOUND), request
    assert (await stage.reaches(phone, "accepted"))["report_revision"] == 0
