"""A stay in two stages, with a question for branches that have a terrace, through all services."""

from datetime import timedelta
from typing import Any

import pytest

from incognita_shared.clock import now
from tests.phone import Phone
from tests.stage import Stage
from tests.system import eventually

SCENARIO = "booked guest"
SCORED = {"method": "expected_value", "points": "1", "expected": True}
STAY: dict[str, Any] = {
    "title": {"en": "A night"},
    "default_language": "en",
    "languages": ["en"],
    "scenarios": [SCENARIO, "walk-in guest"],
    "stages": [
        {"id": "book", "title": {"en": "Booking"}, "channel": "web", "due_after_days": 2},
        {"id": "stay", "title": {"en": "The night"}, "channel": "visit"},
    ],
    "sections": [
        {
            "id": "booking",
            "title": {"en": "Booking"},
            "stage_id": "book",
            "questions": [
                {
                    "id": "confirmed",
                    "type": "boolean",
                    "label": {"en": "Was it confirmed?"},
                    "relevant": {"==": [{"var": "visit.scenario"}, SCENARIO]},
                    "scoring": SCORED,
                }
            ],
        },
        {
            "id": "night",
            "title": {"en": "The night"},
            "stage_id": "stay",
            "questions": [
                {
                    "id": "terrace",
                    "type": "boolean",
                    "label": {"en": "Was the terrace clean?"},
                    "relevant": {"==": [{"var": "branch.terrace"}, True]},
                    "scoring": SCORED,
                },
                {
                    "id": "quiet",
                    "type": "boolean",
                    "label": {"en": "Was it quiet?"},
                    "scoring": SCORED,
                },
            ],
        },
    ],
}


@pytest.fixture
async def stays(stage: Stage) -> list[Phone]:
    """Two accepted visits in stages: at a branch with a terrace, and at one without."""
    branches = (await stage.ask("assignment", "GET /v1/branches?limit=2"))["items"]
    for branch, terrace in zip(branches, (True, None), strict=True):
        path = f"/v1/branches/{branch['branch_id']}"
        await stage.ask("assignment", f"PATCH {path}", {"attributes": {"terrace": terrace}})
    made = await stage.ask("assignment", "POST /v1/questionnaires", STAY)
    name = made["questionnaire_id"]
    await stage.ask("assignment", f"POST /v1/questionnaires/{name}/versions/1:publish")
    wave = await stage.ask("assignment", "POST /v1/waves", wave_of(stage, name, branches))
    await stage.ask("assignment", f"POST /v1/waves/{wave['wave_id']}:open")

    async def offered() -> list[Any]:
        path = f"/v1/visits?wave_id={wave['wave_id']}&state=offered"
        found = (await stage.ask("assignment", f"GET {path}"))["items"]
        return found if len(found) == len(branches) else []

    visits = {each["branch_id"]: each for each in await eventually(offered, "both are offered")}
    phones = [Phone(stage, visits[branch["branch_id"]]) for branch in branches]
    for phone in phones:
        await phone.accept()
    return phones


def wave_of(stage: Stage, questionnaire_id: str, branches: list[Any]) -> dict[str, Any]:
    money = {"amount": "10.00", "currency": "USD"}
    return {
        "programme_id": stage.programme_id,
        "name": "Nights",
        "questionnaire_id": questionnaire_id,
        "questionnaire_version": 1,
        "channel": "visit",
        "scenario": SCENARIO,
        "starts_at": now().isoformat(),
        "ends_at": (now() + timedelta(days=20)).isoformat(),
        "branch_filter": {"branch_ids": [each["branch_id"] for each in branches]},
        "terms": {"fee": money, "purchase_budget": money},
        "rotation_days": 0,
    }


async def hand_in(phone: Phone, stage_id: str, answers: dict[str, Any]) -> Any:
    return await phone.submit(
        {
            "stage_id": stage_id,
            "answers": answers,
            "started_at": (now() - timedelta(minutes=2)).isoformat(),
            "ended_at": now().isoformat(),
            "position": phone.place.model_dump(mode="json"),
        }
    )


async def test_both_stages_make_one_report_whose_score_knows_the_branch_as_it_was(
    stage: Stage, stays: list[Phone]
) -> None:
    with_terrace, without = stays
    windows = {each["stage_id"]: each for each in with_terrace.visit["terms"]["stages"]}
    assert windows["book"]["due_at"] < windows["stay"]["due_at"]
    path = f"/v1/branches/{with_terrace.branch_id}"
    await stage.ask("assignment", f"PATCH {path}", {"attributes": {"terrace": False}})
    for phone, night in ((with_terrace, {"terrace": False}), (without, {})):
        first = await hand_in(phone, "book", {"confirmed": True})
        assert (first["state"], first["missing_stages"]) == ("incomplete", ["stay"])
        whole = await hand_in(phone, "stay", {**night, "quiet": True})
        assert (whole["state"], whole["missing_stages"]) == ("completed", [])
    scores = [await score_of(stage, phone) for phone in stays]
    assert [possible(score)["terrace"] for score in scores] == ["1", "0"]
    assert [by_stage(score) for score in scores] == [
        {"book": 100, "stay": 50}, {"book": 100, "stay": 100},
    ]  # fmt: skip


def possible(score: dict[str, Any]) -> dict[str, str]:
    return {each["question_id"]: each["possible"] for each in score["questions"]}


def by_stage(score: dict[str, Any]) -> dict[str, float]:
    """Each stage has one section here."""
    return {each["stage_id"]: float(each["score"]) for each in score["sections"]}


async def score_of(stage: Stage, phone: Phone) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        answer = await stage.system.ask(
            "scoring", f"GET /v1/scores/{phone.visit_id}", key=stage.keys.agency
        )
        return answer.json() if answer.is_success else None

    return await eventually(there, "the stay is scored") or {}
