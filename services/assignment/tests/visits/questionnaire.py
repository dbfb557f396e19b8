"""A questionnaire with every kind of thing that a shopper must not see."""

QUESTIONNAIRE = {
    "title": {"en": "Pizza"},
    "default_language": "en",
    "languages": ["en"],
    "score": {"pass_mark": "77.25"},
    "sections": [
        {
            "id": "phone",
            "title": {"en": "On the phone"},
            "weight": "3",
            "questions": [
                {
                    "id": "size",
                    "type": "single_choice",
                    "label": {"en": "Which size was offered?"},
                    "choices": [
                        {"id": "large", "label": {"en": "Large"}, "points": "4"},
                        {"id": "none", "label": {"en": "None"}, "points": "0"},
                    ],
                    "scoring": {
                        "method": "choice_points",
                        "points": "4",
                        "critical": "fail_visit",
                    },
                    "evidence": [{"kind": "photo", "minimum_count": 1}],
                },
                {
                    "id": "rings",
                    "type": "integer",
                    "label": {"en": "How many rings?"},
                    "minimum": "0",
                    "scoring": {
                        "method": "bands",
                        "bands": [{"maximum": "3", "points": "1"}],
                        "not_applicable_allowed": True,
                    },
                },
            ],
        }
    ],
}
