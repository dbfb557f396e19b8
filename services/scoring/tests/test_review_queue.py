"""The reviewers' queue: who comes first, and who has claimed what."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from incognita_scoring.repository.reviews import Reviews
from incognita_scoring.rules import Verb
from incognita_scoring.score import DecidedBy
from incognita_scoring.urgency import HOURS, LEAST_HOURS, Ground, urgency
from incognita_shared.events.assignment import WaveChanged

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRONG = {"greeting": True, "change": False, "agency": True}
APPROVAL = {"report_revision": 1}


def wave(wave_id, ends_at, version=1):
    """The event of a wave."""
    return WaveChanged(
        chain_id="c" * 32, wave_id=wave_id, programme_id="programme-1", name="March", state="open",
        channel="visit", scenario="dinner", questionnaire_id="pizza", questionnaire_version=3,
        starts_at=NOON, ends_at=ends_at, version=version,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("grounds", "hours"),
    [
        ((), HOURS),
        ((Ground.DOUBT,), 66),
        ((Ground.MAJOR_FINDING, Ground.CRITICAL_MISS), 30),
        ((Ground.DOUBT, Ground.DOUBT), 66),
        (tuple(set(Ground) - {Ground.WAVE_ENDS}), LEAST_HOURS),
    ],
)
def test_each_ground_brings_the_moment_forward_once(grounds, hours):
    found = urgency(NOON, grounds)
    assert found.decide_by == NOON + timedelta(hours=hours)
    assert {each.ground for each in found.reasons} == set(grounds)


def test_no_report_is_left_until_its_wave_is_over_if_that_can_be_helped():
    soon = urgency(NOON, (), NOON + timedelta(hours=10))
    assert soon.decide_by == NOON + timedelta(hours=10)
    assert [(each.ground, each.hours) for each in soon.reasons] == [(Ground.WAVE_ENDS, 62)]
    late = urgency(NOON, (), NOON - timedelta(days=3))
    assert late.decide_by == NOON + timedelta(hours=LEAST_HOURS)
    assert urgency(NOON, (), NOON + timedelta(days=9)).reasons == ()


async def test_the_graver_comes_first_and_says_why(client, handle, published, report, finding):
    minor = report(findings=(finding("minor"),))
    both = report(findings=(finding("major"), finding("minor")), answers=WRONG)
    major = report(findings=(finding("major"),))
    await handle(published, minor, both, major)
    reviewer = await client("reviewer")
    rows = (await reviewer.get("/v1/reviews")).json()["items"]
    assert [row["visit_id"] for row in rows] == [
        each.visit_id for each in (both, major, minor)
    ]  # fmt: skip
    assert rows[0]["reasons"] == [
        {"ground": "critical_miss", "hours": 24},
        {"ground": "major_finding", "hours": 18},
        {"ground": "minor_finding", "hours": 6},
    ]


async def test_a_wave_that_ends_soon_overtakes(client, handle, published, report, finding):
    one = report(findings=(finding("major"),))
    other = report(findings=(finding("minor"),), wave_id="wave-2")
    end = datetime.now(UTC) + timedelta(hours=5)
    await handle(wave("wave-2", end), times=2)
    await handle(wave("wave-2", end + timedelta(days=30), version=0))
    await handle(published, one, other)
    reviewer = await client("reviewer")
    rows = (await reviewer.get("/v1/reviews")).json()["items"]
    assert [row["visit_id"] for row in rows] == [other.visit_id, one.visit_id]
    assert rows[0]["reasons"][-1]["ground"] == "wave_ends"


@pytest.fixture
async def waiting(handle, published, report, finding):
    """Twenty reports that wait."""
    reports = [report(findings=(finding("major"),)) for _ in range(20)]
    await handle(published, *reports)
    return [each.visit_id for each in reports]


async def test_of_twenty_claims_at_once_no_two_get_the_same_report(client, waiting):
    reviewers = [await client("reviewer") for _ in range(4)]
    answers = await asyncio.gather(
        *(reviewers[n % 4].post("/v1/reviews:claim", json={}) for n in range(20))
    )
    claimed = [answer.json()["review"]["visit_id"] for answer in answers]
    assert sorted(claimed) == sorted(waiting)
    none = await reviewers[0].post("/v1/reviews:claim", json={})
    assert none.json() == {"review": None}


async def test_a_claim_takes_the_first_of_the_wave_that_is_free(client, waiting):
    one, other = await client("reviewer"), await client("reviewer")
    assert (await one.post("/v1/reviews:claim", json={"wave_id": "wave-2"})).json() == {
        "review": None
    }
    first = (await one.post("/v1/reviews:claim", json={"wave_id": "wave-1"})).json()["review"]
    assert first["visit_id"] == waiting[0]
    assert first["lock"]["key_id"]
    second = (await other.post("/v1/reviews:claim", json={})).json()["review"]
    assert second["visit_id"] == waiting[1]


async def test_another_reviewers_decision_on_a_claimed_report_is_refused(client, waiting, pending):
    holder, other = await client("reviewer"), await client("agency")
    await holder.post(f"/v1/reviews/{waiting[3]}:claim")
    bodies = {
        "approve": APPROVAL,
        "reject": {**APPROVAL, "reason": "x"},
        "correct": {**APPROVAL, "reason": "x", "answers": {"change": False}},
        "claim": None,
        "release": None,
    }
    for verb, body in bodies.items():
        answer = await other.post(f"/v1/reviews/{waiting[3]}:{verb}", json=body)
        assert answer.status_code == 409, verb
        until = datetime.fromisoformat(answer.json()["locked_until"])
        assert timedelta(minutes=29) < until - datetime.now(UTC) <= timedelta(minutes=30)
    assert await pending(waiting[3]) == []
    done = await holder.post(f"/v1/reviews/{waiting[3]}:approve", json=APPROVAL)
    assert (done.status_code, done.json()["lock"]) == (200, None)


async def test_a_claim_can_be_held_longer_given_back_and_runs_out_by_itself(client, waiting, db):
    one, other = await client("reviewer"), await client("reviewer")
    path = f"/v1/reviews/{waiting[0]}"
    first = (await one.post(f"{path}:claim")).json()["lock"]["until"]
    again = (await one.post(f"{path}:claim")).json()["lock"]["until"]
    assert again > first
    for _ in range(2):
        assert (await one.post(f"{path}:release")).json()["lock"] is None
    await other.post(f"{path}:claim")
    past = datetime.now(UTC) - timedelta(seconds=1)
    await db["scores"].update_one({"_id": waiting[0]}, {"$set": {"locked_until": past}})
    claimed = (await one.post("/v1/reviews:claim", json={})).json()["review"]
    assert claimed["visit_id"] == waiting[0]
    assert (await one.post(f"{path}:approve", json=APPROVAL)).status_code == 200


async def test_what_waits_for_nobody_cannot_be_claimed(client, handle, published, report):
    clean = report()
    await handle(published, clean)
    reviewer = await client("reviewer")
    answer = await reviewer.post(f"/v1/reviews/{clean.visit_id}:claim")
    assert (answer.status_code, answer.json()["state"]) == (409, "approved")
    assert (await reviewer.post("/v1/reviews/unknown:claim")).status_code == 404


async def test_a_report_of_before_there_was_an_order_comes_first_and_pages(client, waiting, db):
    old = {"$unset": dict.fromkeys(("decide_by", "reasons", "locked_by", "locked_until"), 1)}
    await db["scores"].update_many({"_id": {"$in": waiting[10:13]}}, old)
    reviewer = await client("reviewer")
    seen, cursor = [], ""
    while cursor is not None:
        page = (await reviewer.get(f"/v1/reviews?limit=2&cursor={cursor}")).json()
        seen += [row["visit_id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*waiting[10:13], *waiting[:10], *waiting[13:]]
    claimed = (await reviewer.post("/v1/reviews:claim", json={})).json()["review"]
    assert claimed["visit_id"] == waiting[10]


async def test_a_write_that_has_not_seen_the_newest_state_is_refused(db, waiting, report):
    reviews = Reviews(db, report().chain_id)
    before = await reviews.get_score(waiting[0])
    first, second = (
        before.decided(Verb.ENDORSE, by=DecidedBy.REVIEWER, key_id=key, at=NOON)
        for key in ("k1", "k2")
    )
    assert await reviews.save_review(before, first)  # which no event tells
    assert not await reviews.save_review(before, second)
    now = await reviews.get_score(waiting[0])
    assert now.endorsed_by == "k1"
    scored_anew = now.model_copy(update={"seq": now.seq + 1})  # which no decision tells
    assert await reviews.save_review(now, scored_anew)
    assert not await reviews.save_review(now, now.model_copy(update={"faults": 9}))
    newest = await reviews.get_score(waiting[0])
    claimed = newest.model_copy(update={"locked_by": "k3", "locked_until": NOON})
    assert await reviews.save_review(newest, claimed)
    assert not await reviews.save_review(newest, newest.model_copy(update={"faults": 9}))
