"""Trial scoring over HTTP."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from incognita_scoring.engine.ratings import Rating
from incognita_shared.events.evidence import Finding
from incognita_shared.events.scoring import QuestionScore, SectionScore, StageScore
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import Answers, Attributes, Channel, Exact, Moment

EXAMPLE: Mapping[str, Any] = {
    "definition": {
        "title": {"en": "Pizza by phone"},
        "default_language": "en",
        "languages": ["en"],
        "score": {"pass_mark": "80"},
        "sections": [
            {
                "id": "phone",
                "title": {"en": "On the phone"},
                "questions": [
                    {
                        "id": "greeted",
                        "type": "boolean",
                        "label": {"en": "Did they greet you?"},
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
    },
    "answers": {"greeted": True, "answered_after": 24},
    "context": {"scenario": "order by phone", "channel": "phone"},
}


class TrialContext(BaseModel):
    """What conditions may ask beside the answers."""

    model_config = ConfigDict(extra="forbid")

    branch: Annotated[Attributes, Field(description="Attributes of the branch")] = Field(
        default_factory=dict
    )
    scenario: Annotated[str | None, Field(max_length=200)] = None
    channel: Channel | None = None
    now: Annotated[Moment | None, Field(description="When the report was handed in")] = None
    today: Annotated[date | None, Field(description="That day at the branch")] = None

    def as_context(self) -> Context:
        """The same for the engine."""
        named = {"scenario": self.scenario, "channel": self.channel and self.channel.value}
        visit = {name: value for name, value in named.items() if value is not None}
        return Context(branch=self.branch, visit=visit, now=self.now, today=self.today)


class Trial(BaseModel):
    """A questionnaire that need not be published, and answers to try it with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [dict(EXAMPLE)]})

    definition: Questionnaire
    answers: Answers
    context: TrialContext = TrialContext()


class TrialError(BaseModel):
    """What is wrong with one answer; within a repetition like `staff[0].greeted`."""

    question_id: str
    cause: str


class TrialScore(BaseModel):
    """The score that a report with these answers would get, and what would be found in it."""

    engine_version: str
    score: Annotated[Exact | None, Field(description="0 to 100; null where nothing counted")]
    passed: bool | None
    critical_failed: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    stages: tuple[StageScore, ...]
    questions: Annotated[tuple[QuestionScore, ...], Field(description="Each with its `why`")]
    doubts: Annotated[tuple[str, ...], Field(description="What the engine could not decide")]
    ratings: Annotated[tuple[Rating, ...], Field(description="What would count for NPS and CSI")]
    answer_errors: Annotated[
        tuple[TrialError, ...], Field(description="For which the answers would be refused")
    ]
    findings: tuple[Finding, ...]
