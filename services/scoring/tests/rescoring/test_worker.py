"""Rescores under trouble: others write the same reports, workers die or come back too late."""

import asyncio
from uuid import uuid4

import pytest

from incognita_scoring.engine import ENGINE_VERSION
from incognita_scoring.engine.rulings import RulingKind
from incognita_scoring.repository.rescore_work import JobLost, RescoreWork, ScoresMoved
from incognita_scoring.rescoring.job import RescoreState
from incognita_scoring.rescoring.worker import MOST_FAILURES, Rescorer
from incognita_scoring.score import Ruling
from incognita_shared.clock import now
from incognita_shared.health import Health

RIGHT = {"greeting": True, "change": True, "agency": True}


@pytest.fixture
def begin(agency):
    """Begin a rescore of the wave; its path."""

    async def ask(**fields):
        body = {"wave_id": "wave-1", "questionnaire_version": 4, "reason": "Mended", **fields}
        answer = await agency.post("/v1/rescores", json=body)
        assert answer.status_code == 202, answer.text
        return f"/v1/rescores/{answer.json()['rescore_id']}"

    return ask


@pytest.fixture
def applied(agency, begin, work):
    """Begin, preview and apply a rescore; its path."""

    async def ask(**fields):
        path = await begin(**fields)
        await work()
        assert (await agency.post(f"{path}:apply")).status_code == 202
        await work()
        assert (await agency.get(path)).json()["state"] == "applied"
        return path

    return ask


async def due_now(db):
    await db["rescores"].update_many({"due_at": {"$exists": True}}, {"$set": {"due_at": now()}})


async def test_a_report_corrected_after_the_preview_is_scored_from_its_newest_answers(
    agency, db, handle, published, report, corrected, begin, work
):
    first = report(answers=RIGHT)
    await handle(published, corrected(), first)
    path = await begin()
    await work()
    again = report(first.visit_id, answers={**RIGHT, "greeting": False}, report_revision=2)
    await handle(again)
    await agency.post(f"{path}:apply")
    await work()
    revisions = (await agency.get(f"/v1/scores/{first.visit_id}/revisions")).json()
    assert [(each["report_revision"], each["questionnaire_version"]) for each in revisions] == [
        (1, 3), (2, 3), (2, 4),
    ]  # fmt: skip
    assert revisions[2]["score"] == "100.00"
    (row,) = (await agency.get(f"{path}/changes")).json()["items"]
    assert (row["after"]["score"], row["applied"]["score"]) == ("66.67", "100.00")
    assert row["applied"]["score_revision"] == 3


async def test_reports_that_came_after_the_preview_are_applied_too(
    agency, db, handle, published, report, corrected, begin, work
):
    await handle(published, corrected(), report())
    path = await begin()
    await work()
    await handle(report())
    await agency.post(f"{path}:apply")
    await work()
    assert await db["scores"].distinct("questionnaire_version") == [4]
    rows = (await agency.get(f"{path}/changes")).json()["items"]
    assert [row["applied"]["score_revision"] for row in rows] == [2, 2]


@pytest.mark.parametrize(("for_new_reports", "version"), [(False, 3), (True, 4)])
async def test_later_reports_keep_the_waves_version_unless_the_job_says_otherwise(
    agency, db, handle, published, report, corrected, applied, for_new_reports, version
):
    await handle(published, corrected(), report())
    await applied(for_new_reports=for_new_reports)
    late, elsewhere = report(answers=RIGHT), report(wave_id="wave-2")
    await handle(late, elsewhere, times=2)
    (revision,) = (await agency.get(f"/v1/scores/{late.visit_id}/revisions")).json()
    assert revision["questionnaire_version"] == version
    kept = await db["score_revisions"].find_one({"visit_id": late.visit_id})
    assert kept["asked_version"] == (3 if for_new_reports else None)
    other = await db["scores"].find_one({"_id": elsewhere.visit_id})
    assert other["questionnaire_version"] == 3


async def test_a_report_whose_transaction_began_before_the_wave_changed_is_found_later(
    agency, db, handle, published, report, corrected, applied, work
):
    await handle(published, corrected(), report())
    path = await applied(for_new_reports=True)
    await db["wave_versions"].delete_many({})  # as that transaction saw it
    straggler = report()
    await handle(straggler)
    await due_now(db)
    assert await work() == 1
    found = await db["scores"].find_one({"_id": straggler.visit_id})
    assert (found["questionnaire_version"], found["score_revision"]) == (4, 2)
    assert (await agency.get(path)).json()["state"] == "applied"
    await due_now(db)
    assert await work() == 0


async def test_reviewers_decide_while_a_rescore_is_applied(
    client, agency, db, handle, published, report, corrected, finding, pending, begin, work
):
    reports = [report(findings=(finding("major"),)) for _ in range(40)]
    await handle(published, corrected(), *reports)
    path = await begin()
    await work()
    await agency.post(f"{path}:apply")
    reviewer = await client("reviewer")

    async def approve(visit_id):
        answer = await reviewer.post(f"/v1/reviews/{visit_id}:approve", json={"report_revision": 1})
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    *approvals, _ = await asyncio.gather(
        *(approve(each.visit_id) for each in reports), work(), return_exceptions=False
    )
    await work()
    assert sum(approvals) > 20
    for each in reports:
        events = [("scored", 1), *((one.verb, one.seq) for one in await pending(each.visit_id))]
        assert [seq for _, seq in events] == list(range(1, len(events) + 1))
        score = await db["scores"].find_one({"_id": each.visit_id})
        assert (score["score_revision"], score["questionnaire_version"]) == (2, 4)
        assert [verb for verb, _ in events].count("scored") == 2
        if score["state"] == "approved":
            assert events[-1][0] == "approved"


async def test_a_first_approval_lapses_with_the_score_that_it_was_of(
    client, agency, db, handle, published, report, corrected, finding, applied
):
    one = report(findings=(finding("major"),))
    await handle(published, corrected(), one)
    rule = {"major_finding": True}
    answer = await agency.put("/v1/review-rules", json=rule)
    assert answer.is_success, answer.text
    reviewer = await client("reviewer")
    path = f"/v1/reviews/{one.visit_id}"
    endorsed = await reviewer.post(f"{path}:approve", json={"report_revision": 1})
    assert endorsed.json()["state"] == "second_review"
    await applied()
    review = (await reviewer.get(path)).json()
    assert (review["state"], review["score_revision"]) == ("waiting", 2)
    again = await reviewer.post(f"{path}:approve", json={"report_revision": 1})
    assert again.json()["state"] == "second_review"


async def test_a_decision_without_an_event_is_not_overwritten(
    db, agency, handle, published, report, corrected, finding, begin, work
):
    one = report(findings=(finding("major"),))
    await handle(published, corrected(), one)
    path = await begin()
    await work()
    await agency.post(f"{path}:apply")
    async with db.client.start_session() as session:
        job = await RescoreWork(db).claim(uuid4(), now())
        scores = await RescoreWork(db).list_scores(job, 10)
        outcomes = await Rescorer(db, health=Health())._outcomes(job, scores)
        await db["scores"].update_one(
            {"_id": one.visit_id}, {"$push": {"decisions": {"verb": "endorse"}}}
        )
        with pytest.raises(ScoresMoved):
            await RescoreWork(db).save_applied(session, job, job, outcomes)


async def test_a_worker_that_lost_its_job_writes_nothing_more(
    db, agency, handle, published, report, corrected, begin, work, snapshot
):
    await handle(published, corrected(), report())
    path = await begin()
    await work()
    await agency.post(f"{path}:apply")
    slow = RescoreWork(db, lease_s=0)
    async with db.client.start_session() as session:
        lost = await slow.claim(uuid4(), now())
        assert lost is not None
        taken = await RescoreWork(db).claim(uuid4(), now())
        assert taken is not None
        assert taken.epoch == lost.epoch + 1
        rescorer = Rescorer(db, health=Health())
        scores = await slow.list_scores(lost, 10)
        before = await snapshot()
        with pytest.raises(JobLost):
            await slow.save_applied(session, lost, lost, await rescorer._outcomes(lost, scores))
        assert await snapshot() == before
    with pytest.raises(JobLost):
        await slow.save_place(lost, lost, due_at=now())
    assert await RescoreWork(db).claim(uuid4(), now()) is None  # the second one holds it


async def test_the_open_transaction_of_a_killed_worker_blocks_nobody(
    db, agency, handle, published, report, corrected, begin, work
):
    one = report()
    await handle(published, corrected(), one)
    path = await begin()
    await work()
    await agency.post(f"{path}:apply")
    async with db.client.start_session() as killed:
        job = await RescoreWork(db, lease_s=0).claim(killed.session_id["id"].as_uuid(), now())
        assert job is not None
        await killed.start_transaction()
        await db["scores"].update_one({"_id": one.visit_id}, {"$set": {"x": 1}}, session=killed)
        began = asyncio.get_running_loop().time()
        await work()
        assert asyncio.get_running_loop().time() - began < 5  # the server itself takes 15 or 60
        assert (await agency.get(path)).json()["state"] == "applied"
        found = await db["scores"].find_one({"_id": one.visit_id})
        assert (found["score_revision"], "x" in found) == (2, False)


async def test_answers_that_the_corrected_version_asks_for_or_dropped_are_doubts(
    agency, handle, published, report, corrected, applied
):
    def change(definition):
        questions = definition["sections"][0]["questions"]
        del questions[2]
        questions.append({**questions[0], "id": "napkins"})

    one = report(answers={**RIGHT, "greeting": False})
    await handle(published, corrected(change), one)
    path = await applied()
    (row,) = (await agency.get(f"{path}/changes")).json()["items"]
    assert row["doubts"] == [
        "agency: is not a question of this questionnaire.",
        "napkins: was not asked for in the version that was answered.",
    ]
    # what was never asked is not held against the branch
    assert (row["after"]["score"], row["after"]["passed"]) == ("100.00", True)
    assert (await agency.get(path)).json()["summary"]["doubtful"] == 1
    score = (await agency.get(f"/v1/scores/{one.visit_id}")).json()
    assert score["doubts"] == row["doubts"]
    assert score["state"] == "approved"


async def test_what_an_appeal_ruled_holds_in_the_rescored_revision(
    agency, db, handle, published, report, corrected, applied
):
    one = report(answers={**RIGHT, "change": False})
    await handle(published, corrected(), one)
    ruling = Ruling(
        question_id="change", instance=None, kind=RulingKind.FULL_POINTS, appeal_id="a" * 32
    )
    await db["score_revisions"].update_one(
        {"visit_id": one.visit_id}, {"$set": {"rulings": [ruling.model_dump(mode="json")]}}
    )
    path = await applied()
    (row,) = (await agency.get(f"{path}/changes")).json()["items"]
    assert row["after"]["critical_failed"] == []
    revisions = (await agency.get(f"/v1/scores/{one.visit_id}/revisions")).json()
    change = next(each for each in revisions[1]["questions"] if each["question_id"] == "change")
    assert change["why"] == "Granted on appeal: 1 of 1 point."


async def test_a_preview_by_another_engine_is_made_anew_or_refused(
    agency, db, handle, published, report, corrected, begin, work
):
    await handle(published, corrected(), report())
    path = await begin()
    await db["rescores"].update_one({}, {"$set": {"engine_version": "0.1"}})
    await work()
    assert (await agency.get(path)).json()["engine_version"] == ENGINE_VERSION
    await db["rescores"].update_one({}, {"$set": {"engine_version": "0.1"}})
    refused = await agency.post(f"{path}:apply")
    assert refused.status_code == 409
    assert "0.1" in refused.json()["detail"]


async def test_an_update_while_a_rescore_is_applied_gives_no_report_two_revisions(
    db, agency, handle, published, report, corrected, begin, work
):
    await handle(published, corrected(), *[report() for _ in range(6)])
    path = await begin()
    await work()
    await agency.post(f"{path}:apply")
    older = Rescorer(db, health=Health(), batch=2, turn=1)
    async with db.client.start_session() as session:
        await older.step(session, asyncio.Event())
    older_engine = {"$set": {"engine_version": "0.1"}}
    await db["scores"].update_many({"score_revision": 2}, older_engine)
    await db["rescores"].update_many({}, older_engine)
    await work()
    assert (await agency.get(path)).json()["state"] == "applied"
    assert await db["scores"].distinct("score_revision") == [2]
    assert set(await db["scores"].distinct("engine_version")) == {"0.1", ENGINE_VERSION}


async def test_a_newer_engine_rescores_the_same_version(
    agency, db, handle, published, report, corrected, applied
):
    one = report()
    await handle(published, one)
    await db["scores"].update_many({}, {"$set": {"engine_version": "0.1"}})
    await applied(questionnaire_version=3)
    revisions = (await agency.get(f"/v1/scores/{one.visit_id}/revisions")).json()
    assert [each["questionnaire_version"] for each in revisions] == [3, 3]
    assert revisions[1]["engine_version"] == ENGINE_VERSION


async def test_a_report_that_can_not_be_scored_ends_its_job_and_no_other(
    agency, db, handle, published, report, corrected, begin, work
):
    broken = report()
    await handle(published, corrected(), broken, report(wave_id="wave-2"))
    await db["score_revisions"].delete_one({"visit_id": broken.visit_id})
    path, other = await begin(), await begin(wave_id="wave-2")
    for _ in range(MOST_FAILURES):
        await due_now(db)
        await work()
    failed = (await agency.get(path)).json()
    assert (failed["state"], bool(failed["problem"])) == (RescoreState.FAILED, True)
    assert (await agency.get(other)).json()["state"] == "previewed"
    await begin()  # the wave is free again


async def test_one_rescore_does_not_keep_the_others_waiting(
    db, agency, handle, published, report, corrected, begin
):
    waves = ("wave-1", "wave-2")
    await handle(
        published, corrected(), *[report(wave_id=wave) for wave in waves for _ in range(6)]
    )
    paths = [await begin(wave_id=wave) for wave in waves]
    rescorer = Rescorer(db, health=Health(), batch=2, turn=1)
    async with db.client.start_session() as session:
        for _ in paths:
            await rescorer.step(session, asyncio.Event())
        done = [(await agency.get(path)).json()["progress"]["done"] for path in paths]
        assert done == [2, 2]
        while await rescorer.step(session, asyncio.Event()):
            pass
    for path in paths:
        assert (await agency.get(path)).json()["state"] == "previewed"


async def test_the_worker_stops_when_told_and_says_that_it_lives(
    db, agency, handle, published, report, corrected, begin
):
    await handle(published, corrected(), *[report() for _ in range(10)])
    path = await begin()
    stop, health = asyncio.Event(), Health()
    running = asyncio.create_task(Rescorer(db, health=health, interval_s=0.05, batch=2).run(stop))
    async with asyncio.timeout(10):
        while (await agency.get(path)).json()["state"] != "previewed":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert health.ready
