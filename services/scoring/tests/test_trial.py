"""A draft is tried with answers: score, reasons, errors and findings, and nothing is kept."""

import copy

import pytest

from incognita_scoring.schemas.trials import EXAMPLE


@pytest.fixture
def example():
    return copy.deepcopy(dict(EXAMPLE))


async def test_a_trial_says_score_and_why_of_every_question(client, example, db):
    reviewer = await client("reviewer")
    answer = await reviewer.post("/v1/scores:try", json=example)
    assert answer.status_code == 200, answer.text
    tried = answer.json()
    assert (tried["score"], tried["passed"], tried["answer_errors"]) == ("100.00", True, [])
    assert tried["questions"][0]["why"] == "Answered yes, as expected: 5 of 5 points."
    assert all(each["why"] for each in tried["questions"])
    for name in await db.list_collection_names():
        if name != "api_keys":
            assert await db[name].count_documents({}) == 0, name


async def test_a_trial_names_what_a_shopper_would_have_to_correct(client, example):
    agency = await client("agency")
    example["answers"] = {"answered_after": "soon", "smuggled": 1}
    tried = (await agency.post("/v1/scores:try", json=example)).json()
    wrong = {each["question_id"] for each in tried["answer_errors"]}
    assert wrong == {"smuggled", "greeted", "answered_after"}
    assert {each["code"] for each in tried["findings"]} == {
        "unknown_answer", "missing_answer", "invalid_answer",
    }  # fmt: skip


async def test_conditions_see_the_context_that_is_given(client, example):
    agency = await client("agency")
    question = example["definition"]["sections"][0]["questions"][0]
    question["relevant"] = {"==": [{"var": "branch.drive_through"}, True]}
    for value, outcome in ((True, "met"), (False, "not_asked")):
        example["context"] = {"branch": {"drive_through": value}}
        tried = (await agency.post("/v1/scores:try", json=example)).json()
        assert tried["questions"][0]["outcome"] == outcome


async def test_a_questionnaire_that_could_not_be_published_is_refused_by_name(client, example):
    agency = await client("agency")
    example["definition"]["sections"][0]["questions"][1]["id"] = "greeted"
    answer = await agency.post("/v1/scores:try", json=example)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("definition.")


async def test_a_trial_is_bounded(client, example):
    agency = await client("agency")
    section = example["definition"]["sections"][0]
    section["repeat"] = {"maximum": 50}
    section["questions"] = [{**section["questions"][0], "id": f"q{number}"} for number in range(50)]
    answer = await agency.post("/v1/scores:try", json=example)
    assert answer.status_code == 422
    assert "2500" in answer.json()["errors"][0]["cause"]


@pytest.mark.parametrize("role", ["chain_manager", "branch_manager", "shopper", "operator"])
async def test_only_agency_and_reviewers_try(client, example, role):
    caller = await client(role, shopper_id="s" if role == "shopper" else None)
    answer = await caller.post("/v1/scores:try", json=example)
    assert answer.status_code in {401, 403}
