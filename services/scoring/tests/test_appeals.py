"""Appeals: one question of an approved report, within a deadline, decided in the open."""

import asyncio
import hashlib
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from incognita_scoring.repository import reviews
from incognita_scoring.repository.scores import Scores
from incognita_scoring.settings import ScoringSettings
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    VisitScored,
)
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import start_telemetry

TEXT = "The till's journal shows that the change was right."
APPEAL = {"question_id": "change", "text": TEXT}
WORD = {"category": "new_evidence", "reason": "The journal shows it."}
RIGHT = {**WORD, "upheld": True, "change": {"kind": "answer", "answer": True}}
FULL = {**WORD, "upheld": True, "change": {"kind": "full_points"}}
WITHOUT = {**WORD, "upheld": True, "change": {"kind": "does_not_count"}}
DECLINED = {"upheld": False, "category": "standard_applies", "reason": "It holds at noon too."}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def missed(handle, published, report):
    """The visit id of an approved report whose critical question was missed: 50 points."""
    completed = report(answers={"greeting": True, "change": False, "agency": True})
    await handle(published, completed)
    return completed.visit_id


@pytest.fixture
async def manager(client):
    """The manager of the branch that was visited."""
    return await client("branch_manager", branch_ids=["branch-1"])


@pytest.fixture
def opened(manager, missed):
    """Open the appeal; its id."""

    async def send():
        answer = await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["appeal_id"]

    return send


async def test_a_branch_appeals_against_a_question_of_its_own_report(manager, missed, pending):
    answer = await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)
    assert answer.status_code == 201, answer.text
    appeal = answer.json()
    assert (appeal["state"], appeal["question_id"], appeal["score_revision"]) == (
        "open", "change", 1
    )  # fmt: skip
    (event,) = await pending(missed)
    assert isinstance(event, AppealOpened)
    assert (event.seq, event.appeal_id, event.question_id) == (3, appeal["appeal_id"], "change")
    assert event.decide_by - event.opened_at == timedelta(days=ScoringSettings().decision_days)


async def test_the_same_appeal_again_or_twenty_at_once_is_one(manager, missed, pending):
    send = [manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL) for _ in range(20)]
    answers = await asyncio.gather(*send)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 201, 503}
    assert statuses.count(201) == 1
    again = await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)
    assert again.status_code == 200
    assert len(await pending(missed)) == 1


async def test_another_appeal_of_the_same_question_is_refused_while_one_is_open(
    manager, opened, missed
):
    name = await opened()
    other = {**APPEAL, "text": "Another reason."}
    answer = await manager.post(f"/v1/scores/{missed}/appeals", json=other)
    assert answer.status_code == 409
    assert (answer.json()["appeal_id"], answer.json()["state"]) == (name, "open")
    fine = {"question_id": "greeting", "text": TEXT}
    assert (await manager.post(f"/v1/scores/{missed}/appeals", json=fine)).status_code == 201


async def test_a_question_that_was_decided_is_not_appealed_again(manager, client, opened, missed):
    name = await opened()
    agency = await client("agency")
    await agency.post(f"/v1/appeals/{name}:decide", json=DECLINED)
    again = await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)
    assert (again.status_code, again.json()["state"]) == (200, "declined")
    other = {**APPEAL, "text": "Please!"}
    assert (await manager.post(f"/v1/scores/{missed}/appeals", json=other)).status_code == 409


@pytest.mark.parametrize(
    ("word", "score", "passed", "critical"),
    [
        (RIGHT, "100.00", True, []),
        (FULL, "100.00", True, []),
        (WITHOUT, "100.00", True, []),
    ],
)
async def test_an_upheld_appeal_makes_a_new_approved_revision(
    client, manager, opened, missed, pending, *, word, score, passed, critical
):
    name, agency = await opened(), await client("agency")
    before = (await manager.get(f"/v1/scores/{missed}")).json()
    assert (before["score"], before["critical_failed"]) == ("50.00", ["change"])
    answer = await agency.post(f"/v1/appeals/{name}:decide", json=word)
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"]["score_revision"] == 2
    after = (await manager.get(f"/v1/scores/{missed}")).json()
    assert (after["score"], after["passed"], after["critical_failed"]) == (score, passed, critical)
    said = (await pending(missed))[1:]
    assert [(type(event), event.seq) for event in said] == [
        (AppealDecided, 4), (VisitScored, 5), (ReportApproved, 6)
    ]  # fmt: skip
    assert said[0].upheld
    assert (said[1].reason, said[1].author[:1] != "") == (f"appeal {name}: {word['reason']}", True)
    assert (said[2].approved_by, said[2].score, said[2].score_revision) == (
        "appeal", Decimal(score), 2
    )  # fmt: skip
    revisions = (await manager.get(f"/v1/scores/{missed}/revisions")).json()
    assert [one["score"] for one in revisions] == ["50.00", score]


async def test_what_was_ruled_outlives_a_later_revision(client, db, opened, missed, report):
    name, agency = await opened(), await client("agency")
    await agency.post(f"/v1/appeals/{name}:decide", json=WITHOUT)
    body = {"report_revision": 1, "reason": "Look again."}
    await agency.post(f"/v1/reviews/{missed}:unapprove", json=body)
    wrong = {"report_revision": 1, "answers": {"greeting": False}, "reason": "Misread."}
    answer = await agency.post(f"/v1/reviews/{missed}:correct", json=wrong)
    assert answer.status_code == 200, answer.text
    assert answer.json()["score"] == "50.00"  # greeting of greeting and agency; change is left out
    score = await Scores(db, report().chain_id).get_score(missed)
    (ruling,) = (await Scores(db, report().chain_id).get_revision(score)).rulings
    assert (ruling.question_id, ruling.appeal_id) == ("change", name)


async def test_a_declined_appeal_changes_no_score(client, manager, opened, missed, pending):
    name, agency = await opened(), await client("agency")
    answer = await agency.post(f"/v1/appeals/{name}:decide", json=DECLINED)
    assert answer.json()["state"] == "declined"
    assert [type(event) for event in await pending(missed)] == [AppealOpened, AppealDecided]
    shown = (await manager.get(f"/v1/appeals/{name}")).json()
    assert shown["verdict"]["reason"] == DECLINED["reason"]
    assert (await manager.get(f"/v1/scores/{missed}")).json()["score_revision"] == 1


async def test_of_twenty_decisions_at_once_one_counts(client, opened, missed, pending):
    name, agency = await opened(), await client("agency")
    words = [RIGHT, DECLINED, WITHOUT, RIGHT] * 5
    answers = await asyncio.gather(
        *(agency.post(f"/v1/appeals/{name}:decide", json=word) for word in words)
    )
    assert {answer.status_code for answer in answers} <= {200, 409, 503}
    events = await pending(missed)
    assert [type(event) for event in events].count(AppealDecided) == 1
    assert [event.seq for event in events] == list(range(3, 3 + len(events)))
    state = (await agency.get(f"/v1/appeals/{name}")).json()["state"]
    word = RIGHT if state == "upheld" else DECLINED
    again = await agency.post(f"/v1/appeals/{name}:decide", json=word)
    assert again.status_code in {200, 409}
    assert len(await pending(missed)) == len(events)


async def test_a_corrected_answer_must_fit_its_question(client, opened, missed, pending):
    name, agency = await opened(), await client("agency")
    bad = {**RIGHT, "change": {"kind": "answer", "answer": "perhaps"}}
    answer = await agency.post(f"/v1/appeals/{name}:decide", json=bad)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "answers.change"
    assert len(await pending(missed)) == 1


async def test_an_appeal_that_is_too_late_is_refused(manager, client, missed, db):
    agency = await client("agency")
    await agency.put("/v1/review-rules", json={"appeal_days": 0})
    answer = await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)
    assert answer.status_code == 409
    assert "until" in answer.json()
    await agency.put("/v1/review-rules/programme-1", json={"appeal_days": 1})
    assert (await manager.post(f"/v1/scores/{missed}/appeals", json=APPEAL)).status_code == 201


@pytest.mark.parametrize("question", ["agency", "unknown", "courier"])
async def test_a_question_that_the_chain_does_not_see_cannot_be_appealed(manager, missed, question):
    answer = await manager.post(
        f"/v1/scores/{missed}/appeals", json={"question_id": question, "text": TEXT}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "question_id", "cause": f"'{question}' is not a question of this report"}
    ]


async def test_a_report_that_is_not_approved_or_another_branchs_cannot_be_appealed(
    client, manager, handle, report, finding, missed
):
    held = report(findings=(finding("major"),))
    await handle(held)
    assert (
        await manager.post(f"/v1/scores/{held.visit_id}/appeals", json=APPEAL)
    ).status_code == 404
    other = await client("branch_manager", branch_ids=["branch-2"])
    foreign = await client("chain_manager", chain_id="d" * 32)
    for caller in (other, foreign):
        assert (await caller.post(f"/v1/scores/{missed}/appeals", json=APPEAL)).status_code == 404
    for role in ("agency", "reviewer", "shopper"):
        caller = await client(role)
        assert (await caller.post(f"/v1/scores/{missed}/appeals", json=APPEAL)).status_code == 403


async def test_an_appeal_is_seen_by_all_who_see_the_report_and_nobody_else(client, opened, missed):
    name = await opened()
    seeing = [await client(role) for role in ("agency", "reviewer", "chain_manager")]
    for caller in seeing:
        answer = await caller.get(f"/v1/appeals/{name}")
        assert answer.status_code == 200
        assert "shopper" not in answer.text
        listed = (await caller.get("/v1/appeals")).json()["items"]
        assert [each["appeal_id"] for each in listed] == [name]
        assert len((await caller.get(f"/v1/scores/{missed}/appeals")).json()) == 1
    others = [
        await client("branch_manager", branch_ids=["branch-2"]),
        await client("chain_manager", chain_id="d" * 32),
    ]
    for caller in others:
        assert (await caller.get(f"/v1/appeals/{name}")).status_code == 404
        assert (await caller.get("/v1/appeals")).json()["items"] == []
        assert (await caller.get(f"/v1/scores/{missed}/appeals")).status_code == 404
    await seeing[0].post(
        f"/v1/reviews/{missed}:unapprove", json={"report_revision": 1, "reason": "Look again."}
    )
    assert (await seeing[2].get(f"/v1/appeals/{name}")).status_code == 404
    assert (await seeing[2].get("/v1/appeals")).json()["items"] == []


async def test_an_appeal_upheld_while_the_report_waits_again_leaves_it_waiting(
    client, manager, opened, missed, pending
):
    name, agency = await opened(), await client("agency")
    await agency.post(
        f"/v1/reviews/{missed}:unapprove", json={"report_revision": 1, "reason": "Look again."}
    )
    assert (await agency.post(f"/v1/appeals/{name}:decide", json=RIGHT)).status_code == 200
    review = (await agency.get(f"/v1/reviews/{missed}")).json()
    assert (review["state"], review["score"]) == ("waiting", "100.00")
    assert [type(event).__name__ for event in await pending(missed)] == [
        "AppealOpened", "ReportUnapproved", "AppealDecided", "VisitScored"
    ]  # fmt: skip
    assert (await manager.get(f"/v1/scores/{missed}")).status_code == 404


async def test_a_rejected_reports_appeal_can_only_be_declined(client, opened, missed):
    name, agency = await opened(), await client("agency")
    await agency.post(
        f"/v1/reviews/{missed}:reject", json={"report_revision": 1, "reason": "False visit."}
    )
    assert (await agency.post(f"/v1/appeals/{name}:decide", json=RIGHT)).status_code == 409
    assert (await agency.post(f"/v1/appeals/{name}:decide", json=DECLINED)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {**DECLINED, "change": {"kind": "full_points"}},
        {**WORD, "upheld": True},
        {**WORD, "upheld": True, "change": {"kind": "other"}},
        {**WORD, "upheld": True, "change": {"kind": "full_points"}, "more": 1},
        {"upheld": False, "category": "because", "reason": "x"},
    ],
)
async def test_a_word_of_another_shape_is_refused(client, opened, body):
    name, agency = await opened(), await client("agency")
    assert (await agency.post(f"/v1/appeals/{name}:decide", json=body)).status_code == 422


@pytest.mark.parametrize("role", ["reviewer", "chain_manager", "branch_manager", "shopper"])
async def test_only_the_agency_decides(client, opened, role):
    name, caller = await opened(), await client(role, branch_ids=["branch-1"])
    assert (await caller.post(f"/v1/appeals/{name}:decide", json=RIGHT)).status_code == 403


def declaration(data, content_type="image/png"):
    digest = hashlib.sha256(data).hexdigest()
    return {"sha256": digest, "size_bytes": len(data), "content_type": content_type,
            "name": "journal.png"}  # fmt: skip


async def upload(manager, missed, declared, data):
    form = (await manager.post(f"/v1/scores/{missed}/appeals:attach", json=declared)).json()
    async with httpx.AsyncClient(trust_env=False) as outside:
        return await outside.post(form["url"], data=form["fields"], files={"file": data})


async def test_a_file_goes_straight_to_the_store_and_is_checked(manager, missed, bucket):
    declared = declaration(PNG)
    body = {**APPEAL, "attachments": [declared]}
    early = await manager.post(f"/v1/scores/{missed}/appeals", json=body)
    assert (early.status_code, early.json()["errors"][0]["field"]) == (409, "attachments.0")
    assert (await upload(manager, missed, declared, PNG)).status_code == 204
    answer = await manager.post(f"/v1/scores/{missed}/appeals", json=body)
    assert answer.status_code == 201, answer.text
    (shown,) = answer.json()["attachments"]
    async with httpx.AsyncClient(trust_env=False) as outside:
        assert (await outside.get(shown["url"])).content == PNG


async def test_other_bytes_or_another_type_than_declared_are_refused(manager, missed, bucket):
    declared = declaration(PNG)
    assert (await upload(manager, missed, declared, PNG[:-1] + b"x")).status_code == 400
    text = declaration(b"no picture at all", "image/png")
    assert (await upload(manager, missed, text, b"no picture at all")).status_code == 204
    body = {**APPEAL, "attachments": [text]}
    answer = await manager.post(f"/v1/scores/{missed}/appeals", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "attachments.0", "cause": "its bytes are not image/png"}
    ]
    large = {**declared, "size_bytes": ScoringSettings().attachment_limit_bytes + 1}
    assert (
        await manager.post(f"/v1/scores/{missed}/appeals:attach", json=large)
    ).status_code == 422


async def test_what_is_said_of_a_decision_lies_in_the_visits_trace(
    client, db, opened, missed, tmp_path
):
    name, agency = await opened(), await client("agency")
    with start_telemetry("scoring", TelemetrySettings(traces_dir=tmp_path)):
        answer = await agency.post(f"/v1/appeals/{name}:decide", json=RIGHT)
        assert answer.status_code == 200
    document = await db["scores"].find_one({"_id": missed})
    for record in document["pending"][1:]:
        headers = {name: value.decode() for name, value in record["headers"]}
        assert headers["traceparent"].split("-")[1] == missed


async def test_a_document_that_is_held_by_a_killed_process_is_not_waited_for_long(
    client, db, opened, missed, monkeypatch
):
    monkeypatch.setattr(reviews, "LONGEST_S", 1.0)
    name, agency = await opened(), await client("agency")
    async with db.client.start_session() as session, await session.start_transaction():
        await db["scores"].update_one({"_id": missed}, {"$set": {"faults": 1}}, session=session)
        async with asyncio.timeout(10):
            answer = await agency.post(f"/v1/appeals/{name}:decide", json=DECLINED)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        await session.abort_transaction()
    assert (await agency.post(f"/v1/appeals/{name}:decide", json=DECLINED)).status_code == 200
