"""Corrections and appeals about one repetition of a section that repeats."""

import pytest

from incognita_shared.questionnaire.model import Questionnaire

STAFF = [{"greeted": True, "badge": True}, {"greeted": False, "badge": True}]
APPEAL = {"question_id": "greeted", "instance": 1, "text": "She was on the phone."}
WORD = {"upheld": True, "category": "exception", "reason": "The plan shows it."}


def question(question_id):
    return {
        "id": question_id, "type": "boolean", "label": {"en": question_id},
        "scoring": {"method": "expected_value", "expected": True},
    }  # fmt: skip


@pytest.fixture
def team(published):
    """A questionnaire with a section that is asked of each member of staff."""
    definition = Questionnaire.model_validate(
        {
            "title": {"en": "Team"},
            "default_language": "en",
            "languages": ["en"],
            "sections": [
                {
                    "id": "staff",
                    "title": {"en": "Staff"},
                    "repeat": {"minimum": 0, "maximum": 5},
                    "questions": [question("greeted"), question("badge")],
                }
            ],
        }
    )
    change = {"questionnaire_id": "team", "version": 1, "definition": definition}
    return published.model_copy(update=change)


@pytest.fixture
def staffed(handle, team, report):
    """A scored report about two members of staff, of whom one did not greet: 75 points."""

    async def make(**changes):
        named = {"questionnaire_id": "team", "questionnaire_version": 1}
        completed = report(**named, answers={"staff": STAFF}, **changes)
        await handle(team, completed)
        return completed.visit_id

    return make


async def test_a_correction_gives_the_whole_section_and_tells_what_differs(
    client, staffed, finding
):
    visit, reviewer = await staffed(findings=(finding("major"),)), await client("reviewer")
    fixed = [STAFF[0], {"greeted": True, "badge": True}]
    body = {"report_revision": 1, "answers": {"staff": fixed}, "reason": "She did greet."}
    review = (await reviewer.post(f"/v1/reviews/{visit}:correct", json=body)).json()
    assert (review["score"], review["decisions"][-1]["question_ids"]) == (
        "100.00", ["staff[1].greeted"]
    )  # fmt: skip
    wrong = {**body, "answers": {"staff": [STAFF[0], {"greeted": 7}]}}
    answer = await reviewer.post(f"/v1/reviews/{visit}:correct", json=wrong)
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} >= {"answers.staff[1].greeted"}


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({"kind": "answer", "answer": True}, "100.00"),
        ({"kind": "full_points"}, "100.00"),
        ({"kind": "does_not_count"}, "100.00"),
        ({"kind": "answer", "answer": False}, "75.00"),
    ],
)
async def test_an_appeal_is_about_one_repetition(client, staffed, change, score):
    visit = await staffed()
    manager, agency = await client("chain_manager"), await client("agency")
    opened = await manager.post(f"/v1/scores/{visit}/appeals", json=APPEAL)
    assert opened.status_code == 201, opened.text
    first = await manager.post(f"/v1/scores/{visit}/appeals", json={**APPEAL, "instance": 0})
    assert first.status_code == 201
    name = opened.json()["appeal_id"]
    decided = await agency.post(f"/v1/appeals/{name}:decide", json={**WORD, "change": change})
    assert decided.status_code == 200, decided.text
    after = (await manager.get(f"/v1/scores/{visit}")).json()
    assert after["score"] == score


@pytest.mark.parametrize("instance", [None, 2, 1000])
async def test_a_repetition_that_is_not_there_cannot_be_appealed(client, staffed, instance):
    visit, manager = await staffed(), await client("chain_manager")
    body = {**APPEAL, "instance": instance}
    answer = await manager.post(f"/v1/scores/{visit}/appeals", json=body)
    assert answer.status_code == 422
