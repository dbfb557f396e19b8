"""Who sees which scores, and what of them."""

import pytest

ALL_WRONG = {"greeting": False, "change": False, "agency": False}


@pytest.fixture
async def visits(handle, published, report, branch, finding):
    """Visits of two branches of two franchisees; ``held`` waits for a reviewer."""
    made = {
        "mine": report(branch_id="b1", answers=ALL_WRONG),
        "other": report(branch_id="b2", wave_id="wave-2"),
        "held": report(branch_id="b1", findings=(finding("major"),)),
    }
    branches = [branch("b1", franchisee_id="f1"), branch("b2", franchisee_id="f2")]
    await handle(published, *branches, *made.values())
    return {name: each.visit_id for name, each in made.items()}


ROLES = [
    ("agency", {}, {"mine", "other", "held"}),
    ("reviewer", {}, {"mine", "other", "held"}),
    ("chain_manager", {}, {"mine", "other"}),
    ("franchise_manager", {"franchisee_id": "f1"}, {"mine"}),
    ("franchise_manager", {"franchisee_id": "f2"}, {"other"}),
    ("franchise_manager", {"franchisee_id": "f2", "branch_ids": ["b1"]}, {"mine", "other"}),
    ("franchise_manager", {}, set()),
    ("branch_manager", {"branch_ids": ["b2"]}, {"other"}),
    ("branch_manager", {}, set()),
    ("chain_manager", {"chain_id": "d" * 32}, set()),
    ("agency", {"chain_id": "d" * 32}, set()),
]


@pytest.mark.parametrize(("role", "key", "seen"), ROLES)
async def test_each_role_sees_its_own_scores_only(client, visits, role, key, seen):
    caller = await client(role, **key)
    listed = (await caller.get("/v1/scores")).json()["items"]
    assert {row["visit_id"] for row in listed} == {visits[name] for name in seen}
    for name, visit_id in visits.items():
        for path in (f"/v1/scores/{visit_id}", f"/v1/scores/{visit_id}/revisions"):
            assert (await caller.get(path)).status_code == (200 if name in seen else 404)


@pytest.mark.parametrize("role", ["operator", "shopper"])
async def test_shoppers_and_operators_see_no_scores(client, visits, role):
    caller = await client(role)
    for path in ("/v1/scores", f"/v1/scores/{visits['mine']}", "/v1/waves/wave-1/counts"):
        assert (await caller.get(path)).status_code in {401, 403}


async def test_the_chain_sees_points_and_reasons_but_no_hidden_question(client, visits):
    manager = await client("chain_manager")
    answer = await manager.get(f"/v1/scores/{visits['mine']}")
    score = answer.json()
    assert (score["score"], score["passed"], score["critical_failed"]) == (
        "0.00",
        False,
        ["change"],
    )
    assert [one["question_id"] for one in score["questions"]] == ["greeting", "change"]
    assert score["questions"][0]["why"] == "Answered no, expected yes: 0 of 1 point."
    assert score["questions"][0]["label"] == {"en": "Was greeting right?"}
    assert not {"findings", "doubts", "decisions", "hidden_questions"} & set(score)
    assert "agency" not in answer.text


@pytest.mark.parametrize("role", ["agency", "reviewer", "chain_manager"])
async def test_no_answer_tells_who_the_shopper_was(client, visits, role):
    caller = await client(role)
    for visit_id in (visits["mine"], visits["other"]):
        for path in (f"/v1/scores/{visit_id}", f"/v1/scores/{visit_id}/revisions", "/v1/scores"):
            assert "shopper" not in (await caller.get(path)).text


async def test_the_agency_sees_hidden_questions_findings_and_decisions(client, visits):
    agency = await client("agency")
    score = (await agency.get(f"/v1/scores/{visits['mine']}")).json()
    assert len(score["questions"]) == 3
    assert score["hidden_questions"] == ["agency"]
    assert score["decisions"][0]["by"] == "rule"


async def test_the_chain_sees_approved_revisions_only(client, handle, published, report, finding):
    first = report(findings=(finding("major"),))
    await handle(published, first)
    reviewer, manager = await client("reviewer"), await client("chain_manager")
    body = {"report_revision": 1, "reason": "Unreadable."}
    await reviewer.post(f"/v1/reviews/{first.visit_id}:return", json=body)
    await handle(report(first.visit_id, report_revision=2, answers=ALL_WRONG))
    path = f"/v1/scores/{first.visit_id}/revisions"
    everything = (await reviewer.get(path)).json()
    assert [(one["score_revision"], one["approved"]) for one in everything] == [
        (1, False),
        (2, True),
    ]
    assert [one["score"] for one in everything] == ["100.00", "0.00"]
    (shown,) = (await manager.get(path)).json()
    assert shown["score_revision"] == 2
    assert "agency" not in str(shown)


async def test_a_score_that_is_rejected_later_leaves_the_chains_sight(client, visits):
    reviewer, manager = await client("reviewer"), await client("chain_manager")
    body = {"report_revision": 1, "reason": "A false visit."}
    await reviewer.post(f"/v1/reviews/{visits['mine']}:reject", json=body)
    assert (await manager.get(f"/v1/scores/{visits['mine']}")).status_code == 404
    listed = (await manager.get("/v1/scores")).json()["items"]
    assert [row["visit_id"] for row in listed] == [visits["other"]]


async def test_the_list_filters_and_pages(client, handle, published, report, visits):
    await handle(*(report(branch_id="b3") for _ in range(3)))
    agency = await client("agency")

    async def ids(**query):
        page = (await agency.get("/v1/scores", params=query)).json()
        return [row["visit_id"] for row in page["items"]], page["next_cursor"]

    assert (await ids(wave_id="wave-2"))[0] == [visits["other"]]
    assert (await ids(state="waiting"))[0] == [visits["held"]]
    assert set((await ids(branch_id="b1"))[0]) == {visits["mine"], visits["held"]}
    everything, _ = await ids()
    paged, cursor = [], ""
    while cursor is not None:
        part, cursor = await ids(limit=4, cursor=cursor)
        paged += part
    assert paged == everything == sorted(everything)
    assert len(paged) == 6


async def test_a_branch_manager_cannot_widen_the_list_by_naming_a_branch(client, visits):
    manager = await client("branch_manager", branch_ids=["b1"])
    for query in ({"branch_id": "b2"}, {"state": "waiting"}, {"wave_id": "wave-2"}):
        assert (await manager.get("/v1/scores", params=query)).json()["items"] == []


async def test_a_waves_reports_are_counted_by_state(client, visits):
    agency = await client("agency")
    assert (await agency.get("/v1/waves/wave-1/counts")).json() == {
        "wave_id": "wave-1",
        "scored": 2,
        "waiting": 1,
        "second_review": 0,
        "approved": 1,
        "returned": 0,
        "rejected": 0,
    }
    assert (await agency.get("/v1/waves/unknown/counts")).json()["scored"] == 0
    foreign = await client("agency", chain_id="d" * 32)
    assert (await foreign.get("/v1/waves/wave-1/counts")).json()["scored"] == 0


@pytest.mark.parametrize(
    "path",
    ["/v1/scores?limit=0", "/v1/scores?limit=501", "/v1/scores?state=open",
     "/v1/scores?wave_id=a/b", "/v1/scores?cursor=%F0%9F%98%80",
     "/v1/scores/" + "x" * 65, "/v1/scores/%24where"],
)  # fmt: skip
async def test_a_wrong_address_is_refused(client, path):
    agency = await client("agency")
    answer = await agency.get(path)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_without_a_key_nothing_is_shown(client, visits):
    caller = await client("agency")
    caller.headers.pop("Authorization")
    assert (await caller.get(f"/v1/scores/{visits['mine']}")).status_code == 401
