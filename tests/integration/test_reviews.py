"""What a reviewer decides, and what follows from it in every service."""

from incognita_demo.reconcile import STANDING
from tests.phone import Phone
from tests.stage import Stage
from tests.system import eventually

WHY = {"audio": "The phone's storage was full."}


async def without_recording(stage: Stage) -> Phone:
    """A complete report with a finding, so that it waits for a reviewer."""
    phone = stage.next_visit()
    await phone.accept()
    await phone.upload(phone.photo())
    submitted = await phone.submit(phone.report(missing_evidence_reasons=WHY))
    assert submitted["state"] == "completed"
    row = await stage.waits_for_review(phone)
    assert "missing_item" in {finding["code"] for finding in row["findings"]}
    return phone


async def test_a_report_that_is_returned_corrected_and_approved_counts_once(stage: Stage) -> None:
    phone = await without_recording(stage)
    await stage.decide(phone, "return", reason="Please bring the recording that was agreed.")
    await stage.reaches(phone, "returned")
    assert await stage.standing(phone.branch_id) is None

    async def reopened() -> bool:
        view = await phone.call("evidence", f"GET /v1/visits/{phone.visit_id}/report")
        return bool(view["report_revision"] == 2)

    await eventually(reopened, "the report is open again")
    await phone.upload(phone.recording())
    answers = (await phone.call("evidence", f"GET /v1/visits/{phone.visit_id}/report"))["answers"]
    corrected = await phone.submit(phone.report(answers=answers))
    assert (corrected["state"], corrected["report_revision"]) == ("completed", 2)
    await stage.reaches(phone, "approved")
    row = await stage.compared(phone)
    assert row["standing"]["visits"] == 1

    async def told() -> int:
        return stage.inbox.visits[STANDING][phone.visit_id]

    assert await eventually(told, "the webhook has come") == 1
    assert len(await stage.payouts(phone)) == 1
    revisions = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}/revisions")
    assert [one["report_revision"] for one in revisions].count(2) == 1


async def test_a_rejected_report_never_counts_and_is_not_paid(stage: Stage) -> None:
    phone, witness = await without_recording(stage), await without_recording(stage)
    await stage.decide(phone, "reject", reason="The evidence does not belong to the visit.")
    await stage.reaches(phone, "rejected")
    await stage.decide(witness, "approve", note="The recording was not needed.")
    await stage.compared(witness)  # decided later, yet it has come all the way
    assert await stage.standing(phone.branch_id) is None
    assert await stage.payouts(phone) == []
    assert stage.inbox.visits[STANDING][phone.visit_id] == 0
    score = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
    assert score["state"] == "rejected"


async def test_the_chain_sees_a_score_only_after_its_approval(stage: Stage) -> None:
    phone = await without_recording(stage)
    request = f"GET /v1/scores/{phone.visit_id}"
    before = await stage.system.ask("scoring", request, key=stage.keys.manager)
    assert before.status_code == 404
    await stage.decide(phone, "approve", note="The recording was not needed.")

    async def shown() -> bool:
        answer = await stage.system.ask("scoring", request, key=stage.keys.manager)
        return answer.is_success

    assert await eventually(shown, "the chain sees the score")
