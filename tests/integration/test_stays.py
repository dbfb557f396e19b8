"""A stay in two stages, with a question for branches that have a terrace, through all services."""

from typing import Any

import pytest

from tests.phone import Phone
from tests.stage import Stage
from tests.stays import accepted_stays, hand_in_stage, score_of

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
    return await accepted_stays(stage, STAY, branches, scenario=SCENARIO)


async def test_both_stages_make_one_report_whose_score_knows_the_branch_as_it_was(
    stage: Stage, stays: list[Phone]
) -> None:
    with_terrace, without = stays
    windows = {each["stage_id"]: each for each in with_terrace.visit["terms"]["stages"]}
    assert windows["book"]["due_at"] < windows["stay"]["due_at"]
    path = f"/v1/branches/{with_terrace.branch_id}"
    await stage.ask("assignment", f"PATCH {path}", {"attributes": {"terrace": False}})
    for phone, night in ((with_terrace, {"terrace": False}), (without, {})):
        first = await hand_in_stage(phone, "book", {"confirmed": True})
        assert (first["state"], first["missing_stages"]) == ("incomplete", ["stay"])
        whole = await hand_in_stage(phone, "stay", {**night, "quiet": True})
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
