"""A stay in a hostel in stages: every field that a questionnaire may have, where it may be."""

import copy
from typing import Any

SECRET = "4321"
"""Stands in every field of the scoring that takes a number, and in the expected answers."""

SCORED = {"method": "expected_value", "points": SECRET, "expected": True}

HOSTEL: dict[str, Any] = {
    "title": {"en": "A night in a hostel", "fr": "Une nuit en auberge"},
    "default_language": "en",
    "languages": ["en", "fr"],
    "scenarios": ["booked guest", "walk-in guest"],
    "score": {"decimals": 3, "pass_mark": "43.21"},
    "stages": [
        {"id": "book", "title": {"en": "Booking"}, "channel": "web", "due_after_days": 2},
        {
            "id": "stay",
            "title": {"en": "The night", "fr": "La nuit"},
            "channel": "visit",
            "opens_after_days": 3,
            "due_after_days": 5,
        },
        {"id": "after", "title": {"en": "Afterwards"}, "channel": "email"},
    ],
    "sections": [
        {
            "id": "booking",
            "title": {"en": "Booking", "fr": "Réservation"},
            "stage_id": "book",
            "weight": "43.21",
            "not_applicable": "zero",
            "questions": [
                {
                    "id": "confirmed",
                    "type": "boolean",
                    "label": {"en": "Was the booking confirmed?", "fr": "Confirmée ?"},
                    "hint": {"en": "By mail or text"},
                    "required": {"==": [{"var": "visit.scenario"}, "booked guest"]},
                    "required_message": {"en": "Please say"},
                    "default": False,
                    "visible_to_client": False,
                    "scoring": {**SCORED, "critical": "cap_visit", "cap": "43.21"},
                }
            ],
        },
        {
            "id": "staff",
            "title": {"en": "Each employee met"},
            "stage_id": "stay",
            "relevant": {"==": [{"var": "branch.reception"}, True]},
            "repeat": {"minimum": 1, "maximum": 4, "aggregation": "worst"},
            "questions": [
                {
                    "id": "desk",
                    "type": "single_choice",
                    "label": {"en": "Where?"},
                    "presentation": {"appearance": "minimal"},
                    "choices": [
                        {"id": "front", "label": {"en": "Front desk"}, "points": SECRET},
                        {
                            "id": "bar",
                            "label": {"en": "Bar"},
                            "points": "1",
                            "relevant": {">": [{"var": "branch.seats"}, 0]},
                        },
                    ],
                    "scoring": {
                        "method": "choice_points", "points": SECRET, "not_applicable_allowed": True,
                    },
                    "evidence": [
                        {"kind": "photo", "maximum_count": 3, "retention_days": 30, "when": True}
                    ],
                },
                {
                    "id": "rings",
                    "type": "integer",
                    "label": {"en": "How many rings?"},
                    "minimum": "0",
                    "constraint": {"<": [{"var": "value"}, 100]},
                    "constraint_message": {"en": "So many?"},
                    "scoring": {
                        "method": "counted_standard",
                        "points": SECRET,
                        "count": {"maximum": SECRET, "unit": {"en": "rings"}},
                        "bonus": True,
                    },
                },
            ],
        },
        {
            "id": "next_door",
            "title": {"en": "The house next door"},
            "stage_id": "after",
            "subject": "competitor",
            "questions": [
                {
                    "id": "confirmed_there",
                    "type": "boolean",
                    "label": {"en": "Did they confirm?"},
                    "compares": "confirmed",
                },
                {
                    "id": "recommended",
                    "type": "rating",
                    "label": {"en": "Would you recommend it?"},
                    "minimum": "0",
                    "maximum": "10",
                    "scoring": {"indicator": "nps", "importance": "43.21"},
                },
                {
                    "id": "nights",
                    "type": "calculated",
                    "label": {"en": "Rings, twice"},
                    "calculation": {"*": [{"size": [{"var": "answers.staff"}]}, 2]},
                    "relevant": {"==": [{"var": "branch.city"}, "Westland"]},
                },
            ],
        },
    ],
}  # fmt: skip


def hostel(**members: Any) -> dict[str, Any]:
    """A copy to change."""
    return {**copy.deepcopy(HOSTEL), **members}


def question(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """The question of that id, to change."""
    found: dict[str, Any] = next(
        each
        for section in definition["sections"]
        for each in section["questions"]
        if each["id"] == name
    )
    return found
