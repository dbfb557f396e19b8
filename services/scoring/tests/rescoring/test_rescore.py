"""A wave is scored anew: previewed, applied, never overwritten."""

import pytest

RIGHT = {"greeting": True, "change": True, "agency": True}
RUDE = {**RIGHT, "greeting": False}
REASON = "The greeting expected the wrong answer"


@pytest.fixture
async def wave(handle, published, report, finding, corrected):
    """Nine greeted reports, three rude ones, one that waits; and the corrected version."""
    made = [report(branch_id=f"b{number}", answers=RIGHT) for number in range(9)]
    made += [report(branch_id=f"r{number}", answers=RUDE) for number in range(3)]
    made.append(report(branch_id="w", findings=(finding("major"),)))
    await handle(published, *made, report(wave_id="wave-2"), corrected())
    return {each.visit_id: each for each in made}


async def begin(agency, **fields):
    body = {"wave_id": "wave-1", "questionnaire_version": 4, "reason": REASON, **fields}
    answer = await agency.post("/v1/rescores", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def read(agency, path):
    answer = await agency.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_preview_says_what_would_change_and_changes_nothing(
    agency, wave, work, snapshot, db, pending
):
    before, documents = await snapshot(), await db["scores"].find().to_list()
    begun = await begin(agency)
    assert (begun["state"], begun["progress"]["total"], begun["summary"]) == (
        "previewing",
        13,
        None,
    )
    await work()
    job = await read(agency, f"/v1/rescores/{begun['rescore_id']}")
    assert (job["state"], job["progress"]["done"]) == ("previewed", 13)
    summary = job["summary"]
    assert (summary["reports"], summary["changed"]) == (13, 13)
    assert (summary["now_passed"], summary["no_longer_passed"]) == (0, 0)
    assert sum(bucket["reports"] for bucket in summary["distribution"]) == 13
    assert len(summary["best_gains"]) == 3
    assert summary["best_gains"][0]["difference"] == "33.33"
    assert len(summary["worst_losses"]) == 10
    assert [each["question_id"] for each in summary["questions"]] == ["greeting"]
    assert summary["questions"][0]["reports"] == 13
    assert await snapshot() == before
    assert await db["scores"].find().to_list() == documents


async def test_each_row_says_before_after_and_which_question_did_it(agency, wave, work):
    begun = await begin(agency)
    await work()
    path = f"/v1/rescores/{begun['rescore_id']}/changes"
    rows = (await read(agency, path))["items"]
    assert [row["visit_id"] for row in rows] == sorted(wave)
    row = next(row for row in rows if row["branch_id"] == "r0")
    assert (row["before"]["score"], row["after"]["score"]) == ("66.67", "100.00")
    assert (row["before"]["questionnaire_version"], row["after"]["questionnaire_version"]) == (3, 4)
    (question,) = row["questions"]
    assert (question["question_id"], question["before"]["earned"], question["after"]["earned"]) == (
        "greeting",
        "0",
        "1",
    )
    assert question["why"] == "Answered no, as expected: 1 of 1 point."
    assert row["applied"] is None
    gains = (await read(agency, f"{path}?order=gains&limit=3"))["items"]
    assert {each["branch_id"] for each in gains} == {"r0", "r1", "r2"}
    assert (await read(agency, f"{path}?changed=false"))["items"] == []


@pytest.mark.parametrize("order", ["visit", "losses", "gains"])
async def test_the_pages_of_changes_hold_every_row_once(agency, wave, work, order):
    begun = await begin(agency)
    await work()
    path, seen = f"/v1/rescores/{begun['rescore_id']}/changes?order={order}&limit=5", []
    cursor = ""
    while cursor is not None:
        page = await read(agency, path + (f"&cursor={cursor}" if cursor else ""))
        seen += [row["visit_id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == 13
    assert set(seen) == set(wave)


async def test_applied_every_report_has_a_new_revision_and_the_old_ones_read_as_they_were(
    agency, wave, work, snapshot, pending
):
    before = await snapshot()
    read_before = {visit: await read(agency, f"/v1/scores/{visit}/revisions") for visit in wave}
    begun = await begin(agency)
    await work()
    answer = await agency.post(f"/v1/rescores/{begun['rescore_id']}:apply")
    assert (answer.status_code, answer.json()["state"]) == (202, "applying")
    await work()
    job = await read(agency, f"/v1/rescores/{begun['rescore_id']}")
    assert (job["state"], job["progress"]["done"]) == ("applied", 13)
    after = await snapshot()
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 13
    for visit in wave:
        revisions = await read(agency, f"/v1/scores/{visit}/revisions")
        assert revisions[0] == read_before[visit][0]
        new = revisions[1]
        assert (new["reason"], new["author"]) == (REASON, job["applied_by"])
        assert (new["score_revision"], new["questionnaire_version"]) == (2, 4)
    said = {visit: await pending(visit) for visit in wave}
    waiting = next(visit for visit, each in wave.items() if each.branch_id == "w")
    assert [(each.verb, each.seq) for each in said.pop(waiting)] == [("scored", 2)]
    for events in said.values():
        assert [(each.verb, each.seq) for each in events] == [("scored", 3), ("approved", 4)]
        assert (events[0].reason, events[0].author) == (REASON, job["applied_by"])
        assert (events[1].approved_by, events[1].score_revision) == ("rescore", 2)
    assert (await read(agency, f"/v1/scores/{waiting}"))["state"] == "waiting"
    rows = (await read(agency, f"/v1/rescores/{begun['rescore_id']}/changes"))["items"]
    assert {row["applied"]["score_revision"] for row in rows} == {2}


async def test_another_wave_stays_as_it_is(agency, wave, work, db):
    begun = await begin(agency)
    await work()
    await agency.post(f"/v1/rescores/{begun['rescore_id']}:apply")
    await work()
    other = await db["scores"].find_one({"wave_id": "wave-2"})
    assert (other["score_revision"], other["questionnaire_version"]) == (1, 3)


async def test_applying_or_cancelling_twice_changes_nothing_more(agency, wave, work, snapshot):
    begun = await begin(agency)
    path = f"/v1/rescores/{begun['rescore_id']}"
    assert (await agency.post(f"{path}:apply")).status_code == 409
    await work()
    await agency.post(f"{path}:apply")
    await agency.post(f"{path}:apply")
    await work()
    after = await snapshot()
    assert (await agency.post(f"{path}:apply")).json()["state"] == "applied"
    assert await work() == 0
    assert await snapshot() == after
    assert (await agency.post(f"{path}:cancel")).status_code == 409


async def test_a_cancelled_preview_leaves_the_wave_free(agency, wave, work, snapshot):
    before = await snapshot()
    begun = await begin(agency)
    refused = await agency.post(
        "/v1/rescores",
        json={"wave_id": "wave-1", "questionnaire_version": 4, "reason": REASON},
    )
    assert refused.status_code == 409
    assert refused.json()["rescore_id"] == begun["rescore_id"]
    whole = {"questionnaire_id": "pizza", "questionnaire_version": 4, "reason": REASON}
    assert (await agency.post("/v1/rescores", json=whole)).status_code == 409
    path = f"/v1/rescores/{begun['rescore_id']}"
    for _ in range(2):
        assert (await agency.post(f"{path}:cancel")).json()["state"] == "cancelled"
    assert await work() == 0
    assert (await agency.post(f"{path}:apply")).status_code == 409
    await begin(agency)
    assert await snapshot() == before


async def test_the_same_key_gives_the_same_job_and_another_body_is_refused(agency, wave):
    body = {"wave_id": "wave-1", "questionnaire_version": 4, "reason": REASON}
    key = {"Idempotency-Key": "once"}
    first = await agency.post("/v1/rescores", json=body, headers=key)
    again = await agency.post("/v1/rescores", json=body, headers=key)
    assert first.json()["rescore_id"] == again.json()["rescore_id"]
    other = await agency.post("/v1/rescores", json={**body, "reason": "Other"}, headers=key)
    assert other.status_code == 422


async def test_a_rescore_by_questionnaire_takes_all_of_its_waves(agency, wave, work, db):
    whole = {"questionnaire_id": "pizza", "from_version": 3, "questionnaire_version": 4}
    begun = await agency.post("/v1/rescores", json={**whole, "reason": REASON})
    assert begun.json()["waves"] == ["wave-1", "wave-2"]
    await work()
    await agency.post(f"/v1/rescores/{begun.json()['rescore_id']}:apply")
    await work()
    assert await db["scores"].distinct("questionnaire_version") == [4]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"wave_id": "nowhere"}, "wave_id"),
        ({"questionnaire_version": 9}, "questionnaire_version"),
        ({"questionnaire_id": "other"}, "questionnaire_id"),
        ({"wave_id": None}, "wave_id"),
        ({"wave_id": None, "questionnaire_id": "other"}, "questionnaire_id"),
        ({"from_version": 5}, "from_version"),
    ],
)
async def test_what_can_not_be_rescored_is_refused_by_name(agency, wave, fields, field):
    body = {"wave_id": "wave-1", "questionnaire_version": 4, "reason": REASON, **fields}
    answer = await agency.post("/v1/rescores", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_wave_is_not_taken_back_to_an_earlier_version(agency, wave, work):
    begun = await begin(agency)
    await work()
    await agency.post(f"/v1/rescores/{begun['rescore_id']}:apply")
    await work()
    body = {"wave_id": "wave-1", "questionnaire_version": 3, "reason": REASON}
    answer = await agency.post("/v1/rescores", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (
        422,
        "questionnaire_version",
    )


async def test_only_the_agency_of_the_chain_rescores(client, agency, wave):
    begun = await begin(agency)
    path = f"/v1/rescores/{begun['rescore_id']}"
    for role, reads in (("reviewer", 200), ("chain_manager", 403), ("shopper", 403)):
        caller = await client(role, shopper_id="s" if role == "shopper" else None)
        assert (await caller.get(path)).status_code == reads
        assert (await caller.post(f"{path}:apply")).status_code == 403
    stranger = await client("agency", chain_id="d" * 32)
    for request in (stranger.get(path), stranger.get(f"{path}/changes"),
                    stranger.post(f"{path}:apply"), stranger.post(f"{path}:cancel")):  # fmt: skip
        assert (await request).status_code == 404
    assert (await stranger.get("/v1/rescores")).json()["items"] == []
    assert len((await agency.get("/v1/rescores")).json()["items"]) == 1
