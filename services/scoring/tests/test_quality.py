"""What is known of shoppers and reviewers, and how often branches appeal."""

from datetime import UTC, datetime, timedelta

import pytest

from incognita_scoring.quality import ReviewedReport, reviewer_quality, shopper_quality
from incognita_scoring.score import Decision

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)
MARCH = {"since": "2026-02-20T00:00:00Z", "until": "2026-03-20T00:00:00Z"}
ALWAYS = {"since": "2026-02-20T00:00:00Z", "until": "2027-02-01T00:00:00Z"}
APPROVAL = {"report_revision": 1}
REASON = {"report_revision": 1, "reason": "See the receipt."}


def word(verb, hours, *, by="reviewer", key="k1"):
    """A decision so many hours after the report came."""
    return Decision(
        verb=verb, by=by, key_id=key, text=None, report_revision=1, score_revision=1,
        decided_at=NOON + timedelta(hours=hours), opened_at=NOON,
    )  # fmt: skip


def reviewed(*words, state="approved", faults=0):
    return ReviewedReport(
        shopper_id="s", state=state, report_revision=1, decisions=words, faults=faults
    )


def test_a_shoppers_quality_is_that_of_the_reports():
    found = shopper_quality(
        [
            reviewed(word("return", 2), word("approve", 4), faults=3),
            reviewed(word("correct", 1), word("reject", 9), state="rejected", faults=2),
            reviewed(word("approve", 0, by="rule", key=None)),
            reviewed(word("reject", 1, by="cancellation", key=None), state="rejected"),
        ]
    )
    assert (found.reports, found.approved, found.rejected) == (4, 2, 1)
    assert (found.returns, found.corrections, found.approvals_taken_back) == (1, 1, 0)
    assert (found.faults_per_report, found.hours_to_decision) == (1.25, 4)


def test_a_reviewers_quality_is_that_of_the_words_in_the_period():
    reports = [
        reviewed(
            word("approve", 2), word("unapprove", 5, key="agency"), word("approve", 6, key="k2")
        ),
        reviewed(word("endorse", 4), word("approve", 5, key="k2"), word("approve", 8, by="appeal")),
        reviewed(word("correct", 1), word("return", 3), state="returned", faults=2),
        reviewed(word("approve", 999)),
    ]
    found = reviewer_quality("k1", reports, NOON, LATER)
    assert (found.reports, found.approvals, found.first_approvals) == (3, 1, 1)
    assert (found.returns, found.rejections, found.corrections) == (1, 0, 1)
    assert (found.overturned, found.appeals_upheld) == (1, 1)
    assert (found.hours_to_decision, found.faults_per_report) == (3, 0.6667)
    assert reviewer_quality("nobody", reports, NOON, LATER).hours_to_decision is None


@pytest.fixture
async def decided(client, handle, published, report, finding):
    """Four reports of two shoppers: approved by rule, approved, returned, rejected."""
    clean = report(shopper_id="s1")
    grave = [report(shopper_id=who, findings=(finding("major"),)) for who in ("s1", "s2", "s2")]
    await handle(published, clean, *grave)
    reviewer = await client("reviewer")
    verbs = {"approve": APPROVAL, "return": REASON, "reject": REASON}
    for each, (verb, body) in zip(grave, verbs.items(), strict=True):
        answer = await reviewer.post(f"/v1/reviews/{each.visit_id}:{verb}", json=body)
        assert answer.status_code == 200
    return reviewer


async def test_shoppers_are_listed_for_the_agency_alone(client, decided):
    agency = await client("agency")
    answer = await agency.get("/v1/quality/shoppers", params=MARCH)
    one, two = answer.json()["items"]
    assert (one["shopper_id"], one["reports"], one["approved"], one["faults_per_report"]) == (
        "s1", 2, 2, 0.5
    )  # fmt: skip
    assert (two["returns"], two["rejected"]) == (1, 1)
    page = (await agency.get("/v1/quality/shoppers", params={**MARCH, "limit": 1})).json()
    again = (
        await agency.get(
            "/v1/quality/shoppers", params={**MARCH, "limit": 1, "cursor": page["next_cursor"]}
        )
    ).json()
    assert ([row["shopper_id"] for row in again["items"]], again["next_cursor"]) == (["s2"], None)
    assert (await agency.get("/v1/quality/shoppers", params={**MARCH, "wave_id": "other"})).json()[
        "items"
    ] == []
    assert (await agency.get("/v1/quality/shoppers")).json()["items"] == []  # 90 days, not March
    for role in ("reviewer", "chain_manager", "shopper"):
        caller = await client(role)
        assert (await caller.get("/v1/quality/shoppers", params=MARCH)).status_code == 403


async def test_reviewers_are_listed_each_seeing_only_themselves(client, decided):
    agency, other = await client("agency"), await client("reviewer")
    (row,) = (await agency.get("/v1/quality/reviewers")).json()["items"]
    assert (row["reports"], row["approvals"], row["returns"], row["rejections"]) == (3, 1, 1, 1)
    (own,) = (await decided.get("/v1/quality/reviewers")).json()["items"]
    assert own == row
    (empty,) = (await other.get("/v1/quality/reviewers")).json()["items"]
    assert empty["reports"] == 0
    assert (await agency.get("/v1/quality/reviewers", params=MARCH)).json()["items"] == []
    foreign = await client("agency", chain_id="d" * 32)
    assert (await foreign.get("/v1/quality/reviewers")).json()["items"] == []


@pytest.mark.parametrize(
    "query",
    ["since=2026-03-01T00:00:00Z&until=2026-02-01T00:00:00Z", "since=2020-01-01T00:00:00Z",
     "since=2026-03-01", "until=9999-12-31T23:59:59-23:59", "limit=101", "cursor=x"],
)  # fmt: skip
async def test_a_period_that_is_none_is_refused(client, query):
    agency = await client("agency")
    for path in ("/v1/quality/shoppers", "/v1/quality/reviewers"):
        assert (await agency.get(f"{path}?{query}")).status_code == 422


async def test_appeals_are_counted_by_branch_question_and_shopper(
    client, handle, published, report
):
    reports = [report(branch_id=f"b{n % 2}", shopper_id=f"s{n}") for n in range(4)]
    await handle(published, *reports)
    manager, agency = await client("chain_manager"), await client("agency")
    for each in reports[:3]:
        for question in ("greeting", "change"):
            path = f"/v1/scores/{each.visit_id}/appeals"
            answer = await manager.post(path, json={"question_id": question, "text": "No."})
            assert answer.status_code == 201
    word = {"category": "exception", "reason": "A new rule."}
    verdicts = [
        {**word, "upheld": True, "change": {"kind": "does_not_count"}}, {**word, "upheld": False}
    ]  # fmt: skip
    waiting = (await agency.get("/v1/appeals")).json()["items"]
    for each, verdict in zip(waiting, verdicts, strict=False):
        await agency.post(f"/v1/appeals/{each['appeal_id']}:decide", json=verdict)

    async def rates(caller, by, **query):
        answer = await caller.get("/v1/appeals:rates", params={"group_by": by, **query})
        assert answer.status_code == 200, answer.text
        return {row.pop("id"): row for row in answer.json()["items"]}

    branches = await rates(agency, "branch", **ALWAYS)
    assert {name: row["opened"] for name, row in branches.items()} == {"b0": 4, "b1": 2}
    assert (branches["b0"]["reports"], branches["b0"]["per_100_reports"]) == (2, 200)
    total = [row["upheld"] + row["declined"] for row in branches.values()]
    assert sum(total) == 2
    questions = await rates(manager, "question", **ALWAYS)
    assert questions["change"]["opened"] == 3
    assert questions["change"]["reports"] is None
    assert set(await rates(agency, "shopper", **ALWAYS)) == {"s0", "s1", "s2"}
    own = await client("branch_manager", branch_ids=["b1"])
    assert set(await rates(own, "branch", **ALWAYS)) == {"b1"}
    for caller in (own, manager, await client("reviewer")):
        answer = await caller.get("/v1/appeals:rates?group_by=shopper")
        assert answer.status_code == 403
