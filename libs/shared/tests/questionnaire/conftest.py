"""A small questionnaire with one question of nearly every kind."""

from copy import deepcopy
from typing import Any

import pytest

from incognita_shared.questionnaire.model import Questionnaire

DEFINITION: dict[str, Any] = {
    "title": {"en": "Pizza delivery", "tr": "Pizza teslimatı"},
    "default_language": "en",
    "languages": ["en", "tr"],
    "score": {"decimals": 2, "pass_mark": "80"},
    "sections": [
        {
            "id": "phone",
            "title": {"en": "The call"},
            "weight": "1",
            "questions": [
                {
                    "id": "rings",
                    "type": "integer",
                    "label": {"en": "Rings before the answer"},
                    "minimum": 0,
                    "maximum": 60,
                    "scoring": {
                        "method": "bands",
                        "points": 4,
                        "bands": [
                            {"maximum": 3, "points": 4},
                            {"minimum": 3, "maximum": 6, "points": 2},
                            {"minimum": 6, "points": 0},
                        ],
                    },
                },
                {
                    "id": "greeting",
                    "type": "boolean",
                    "label": {"en": "Did they greet you?"},
                    "scoring": {
                        "method": "expected_value",
                        "expected": True,
                        "points": 2,
                        "not_applicable_allowed": True,
                    },
                },
                {
                    "id": "offers",
                    "type": "multiple_choice",
                    "label": {"en": "What did they offer?"},
                    "required": False,
                    "choices": [
                        {"id": "drink", "label": {"en": "A drink"}, "points": 2},
                        {"id": "dessert", "label": {"en": "A dessert"}, "points": 1},
                        {"id": "nothing", "label": {"en": "Nothing"}, "points": 0},
                    ],
                    "constraint": {
                        "or": [
                            {"!": {"in": ["nothing", {"var": "value"}]}},
                            {"==": [{"var": "value"}, ["nothing"]]},
                        ]
                    },
                    "constraint_message": {"en": "Nothing goes with nothing else."},
                    "scoring": {"method": "choice_points", "points": 3},
                },
            ],
        },
        {
            "id": "courier",
            "title": {"en": "The courier"},
            "weight": "2",
            "questions": [
                {"id": "ordered_at", "type": "time", "label": {"en": "Ordered at"}},
                {
                    "id": "arrived_at",
                    "type": "time",
                    "label": {"en": "Arrived at"},
                    "scoring": {
                        "method": "timed_standard",
                        "points": 5,
                        "standard": {
                            "start_question_id": "ordered_at",
                            "maximum_s": 3600,
                            "grace_s": 120,
                        },
                    },
                },
                {
                    "id": "paid_cash",
                    "type": "boolean",
                    "label": {"en": "Did you pay in cash?"},
                },
                {
                    "id": "change",
                    "type": "single_choice",
                    "label": {"en": "Was the change exact?"},
                    "relevant": {"==": [{"var": "answers.paid_cash"}, True]},
                    "choices": [
                        {"id": "yes", "label": {"en": "Yes"}},
                        {"id": "no", "label": {"en": "No"}},
                    ],
                    "evidence": [
                        {"kind": "receipt"},
                        {
                            "kind": "photo",
                            "minimum_count": 2,
                            "when": {"==": [{"var": "value"}, "no"]},
                        },
                    ],
                    "scoring": {
                        "method": "expected_value",
                        "expected": "yes",
                        "points": 5,
                        "critical": "fail_visit",
                    },
                },
                {
                    "id": "tip",
                    "type": "decimal",
                    "label": {"en": "Tip"},
                    "minimum": 0,
                    "required": False,
                    "visible_to_client": False,
                },
                {"id": "remark", "type": "text", "label": {"en": "Remark"}, "required": False},
                {"id": "thanks", "type": "note", "label": {"en": "Thank you!"}},
            ],
        },
    ],
}

ANSWERS: dict[str, Any] = {
    "rings": 2,
    "greeting": True,
    "offers": ["drink"],
    "ordered_at": "23:30",
    "arrived_at": "00:20",
    "paid_cash": True,
    "change": "yes",
}


@pytest.fixture
def definition() -> dict[str, Any]:
    return deepcopy(DEFINITION)


@pytest.fixture(scope="session")
def pizza() -> Questionnaire:
    return Questionnaire.model_validate(DEFINITION)


@pytest.fixture
def answers() -> dict[str, Any]:
    return deepcopy(ANSWERS)
