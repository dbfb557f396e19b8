"""An approval that is taken back, and an appeal that is upheld, in every service."""

from tests.integration.test_reviews import without_recording
from tests.stage import Stage
from tests.system import eventually

SAID = "incognita.appeal.decided.v1"


async def test_an_approval_that_is_taken_back_and_given_again_counts_and_pays_once(
    stage: Stage,
) -> None:
    phone = await without_recording(stage)
    await stage.decide(phone, "approve", note="The recording was not needed.")
    before = await stage.compared(phone)
    (payout,) = await stage.payouts(phone)
    path = f"POST /v1/reviews/{phone.visit_id}"
    body = {"report_revision": 1, "reason": "The receipt was used before."}
    await stage.ask("scoring", f"{path}:unapprove", body)

    async def out() -> bool:
        return await stage.standing(phone.branch_id) is None

    await eventually(out, "the standing is gone")
    await stage.reaches(phone, "reported")
    hidden = await stage.system.ask(
        "scoring", f"GET /v1/scores/{phone.visit_id}", key=stage.keys.manager
    )
    assert hidden.status_code == 404
    await stage.decide(phone, "approve", note="It was another one.")
    again = await stage.compared(phone)
    assert again["standing"]["visits"] == before["standing"]["visits"] == 1
    await stage.reaches(phone, "approved")
    assert [each["payout_id"] for each in await stage.payouts(phone)] == [payout["payout_id"]]


async def test_an_upheld_appeal_moves_the_score_for_all_who_read_it(stage: Stage) -> None:
    phone = await without_recording(stage)
    await stage.decide(phone, "approve", note="The recording was not needed.")
    await stage.compared(phone)
    score = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
    short = next(
        (each for each in score["questions"] if each["outcome"] in ("missed", "partial")),
        score["questions"][0],
    )
    question = short["question_id"]
    appeal = await stage.api.call(
        "scoring",
        f"POST /v1/scores/{phone.visit_id}/appeals",
        key=stage.keys.manager,
        json={"question_id": question, "text": "The shift plan shows otherwise."},
    )
    word = {
        "upheld": True,
        "category": "exception",
        "reason": "The till was being exchanged.",
        "change": {"kind": "does_not_count"},
    }
    await stage.ask("scoring", f"POST /v1/appeals/{appeal['appeal_id']}:decide", word)

    async def moved() -> bool:
        after = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
        row = await stage.standing(phone.branch_id)
        new = float(after["score"])
        return row is not None and abs(row["standing"]["raw_mean"] - new) < 0.01

    await eventually(moved, "the standing is that of the new score")
    revisions = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}/revisions")
    assert [each["approved"] for each in revisions] == [True, True]
    assert appeal["appeal_id"] in revisions[-1]["reason"]
    ruled = next(each for each in revisions[-1]["questions"] if each["question_id"] == question)
    assert ruled["possible"] == "0"
    assert len(await stage.payouts(phone)) == 1
