"""A hostel stay in four stages with each employee met, from the example workbook to the score."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from incognita_shared.clock import now
from incognita_xlsform.reading import read_workbook
from tests.phone import Phone
from tests.stage import Stage
from tests.stays import accepted_stays, hand_in_stage, score_of

WORKBOOK = Path(__file__).parents[2] / "examples" / "questionnaires" / "hostel-stay.xlsx"
STAGES = ("booking", "check_in", "stay", "check_out")
BOOKED = "booking by phone"


@pytest.fixture
async def guests(stage: Stage) -> list[Phone]:
    """Accepted stays at two branches, of which the first alone has lockers."""
    imported = read_workbook(WORKBOOK.read_bytes(), file_name=WORKBOOK.name)
    assert imported.questionnaire is not None, imported.problems
    form = imported.questionnaire.model_dump(mode="json")
    room = next(each for each in form["sections"] if each["id"] == "room")
    locker = next(each for each in room["questions"] if each["id"] == "locker")
    locker["relevant"] = {"==": [{"var": "branch.lockers"}, True]}
    branches = (await stage.ask("assignment", "GET /v1/branches?limit=4"))["items"][2:]
    for branch, lockers in zip(branches, (True, False), strict=True):
        path = f"/v1/branches/{branch['branch_id']}"
        await stage.ask("assignment", f"PATCH {path}", {"attributes": {"lockers": lockers}})
    return await accepted_stays(stage, form, branches, scenario=BOOKED)


def _answers(phone: Phone, photo: dict[str, str], *, lockers: bool) -> dict[str, dict[str, Any]]:
    """A stay in which only the second employee and the wifi were not as they should be."""
    desk = now() - timedelta(minutes=40)
    position = phone.place.model_dump(mode="json")
    return {
        "booking": {
            "answered": True, "wait_seconds": 12, "booking_name": True, "price_said": "same",
            "asked_arrival": True, "confirmation": False,
        },
        "check_in": {
            "facade": [photo["facade"]],
            "where": {name: value for name, value in position.items() if value is not None},
            "reached_desk": desk.isoformat(timespec="seconds"),
            "got_key": (desk + timedelta(minutes=9)).isoformat(timespec="seconds"),
            "greeted": True, "price_kept": True, "passport": True, "receipt_in": True,
            "rules": True,
        },
        "stay": {
            "bed_clean": "spotless", "bathroom_clean": "spotless", "kitchen_clean": None,
            "faults": ["none"], "wifi_mbit": "5.5", "smoke_alarm": True,
            "staff": [
                {"staff_role": "reception", "staff_look": "Ayşe, badge", "staff_polite": True,
                 "staff_helped": True},
                {"staff_role": "cleaning", "staff_look": "no badge", "staff_polite": True,
                 "staff_helped": False},
            ],
        } | ({"locker": True} if lockers else {}),
        "check_out": {
            "asked_out": "10:00", "done_out": "10:04", "deposit": True, "invited": True,
            "paid": "39.50", "recommend": 9, "story": "A quiet night and a friendly desk. " * 4,
        },
    }  # fmt: skip


PHOTOS = ("facade", "bed_clean", "bathroom_clean", "smoke_alarm")
RECEIPTS = ("receipt_in", "paid")


async def _bring(phone: Phone) -> dict[str, str]:
    """Upload what the questionnaire asks for; question id → SHA-256."""
    brought = {}
    for name in (*PHOTOS, *RECEIPTS):
        media = phone.photo()
        kind = "receipt" if name in RECEIPTS else "photo"
        form = (await phone.declare(media, kind=kind, question_id=name))["upload"]
        await phone._stage.api.upload(form["url"], form["fields"], media.data)
        brought[name] = media.sha256
    return brought


async def test_a_stay_is_scored_by_stage_and_by_employee(stage: Stage, guests: list[Phone]) -> None:
    for phone, lockers in zip(guests, (True, False), strict=True):
        windows = [each["stage_id"] for each in phone.visit["terms"]["stages"]]
        assert windows == list(STAGES)
        given = _answers(phone, await _bring(phone), lockers=lockers)
        order = STAGES if lockers else tuple(reversed(STAGES))
        for number, each in enumerate(order):
            told = await hand_in_stage(phone, each, given[each])
            assert set(told["missing_stages"]) == set(order[number + 1 :])
            assert told["missing"] == []
        assert told["state"] == "completed"
        score = await score_of(stage, phone)
        assert {one["stage_id"]: one["score"] for one in score["stages"]} == {
            # 17 of 22; all; room and staff by their weights 4 and 2; a bonus beyond 12 of 12
            "booking": "77.3",
            "check_in": "100.0",
            "stay": "86.2" if lockers else "85.7",
            "check_out": "100.0",
        }
        sections = {one["section_id"]: one for one in score["sections"]}
        assert sections["staff"]["score"] == "71.4"  # the mean of 100 and 3 of 7
        assert Decimal(sections["room"]["possible"]) == (31 if lockers else 28)
        by_weight = sum(Decimal(one["score"]) * Decimal(one["weight"]) for one in sections.values())
        assert abs(Decimal(score["score"]) - by_weight / 13) < Decimal("0.1")
        helped = [
            (one["instance"], float(one["earned"]), one["outcome"])
            for one in score["questions"]
            if one["question_id"] == "staff_helped"
        ]
        assert helped == [(0, 4, "met"), (1, 0, "missed")]
        outcome = {one["question_id"]: one["outcome"] for one in score["questions"]}
        assert outcome["locker"] == ("met" if lockers else "not_asked")
        assert outcome["free_bed_found"] == "not_asked"
        assert outcome["kitchen_clean"] == "not_applicable"
        assert all(one["why"].endswith(".") for one in score["questions"])
