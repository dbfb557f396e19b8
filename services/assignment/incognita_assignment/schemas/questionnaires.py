"""Questionnaires over HTTP. The definition is ``incognita_shared.questionnaire.model``."""

from enum import StrEnum

from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import Id, Moment, Value


class QuestionnaireState(StrEnum):
    """A published version never changes again; a retired one is not used by new waves."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class VersionSummary(Value):
    """One version of a questionnaire, without its questions."""

    questionnaire_id: Id
    version: int
    state: QuestionnaireState
    title: dict[str, str]
    created_at: Moment
    published_at: Moment | None
    retired_at: Moment | None = None


class VersionView(VersionSummary):
    """One version of a questionnaire."""

    definition: Questionnaire


EXAMPLE = {
    "title": {"en": "Pizza by phone"},
    "default_language": "en",
    "languages": ["en"],
    "sections": [
        {
            "id": "phone",
            "title": {"en": "On the phone"},
            "weight": "2",
            "questions": [
                {
                    "id": "greeted",
                    "type": "boolean",
                    "label": {"en": "Were you greeted by name of the restaurant?"},
                    "scoring": {"method": "expected_value", "points": "5", "expected": True},
                },
                {
                    "id": "answered_after",
                    "type": "duration",
                    "label": {"en": "Seconds until the phone was answered"},
                    "scoring": {
                        "method": "timed_standard",
                        "points": "10",
                        "standard": {"maximum_s": "20", "grace_s": "5"},
                    },
                },
            ],
        }
    ],
    "score": {"decimals": 1, "pass_mark": "80"},
}
