"""The questionnaire as the shopper gets it: what to ask and prove, never how it scores.

Every field is named here. A field added to the questionnaire's model stays hidden until somebody
adds it on purpose, so that no point, weight or expected value reaches a shopper's phone by
accident.
"""

from typing import Any

from pydantic import BaseModel

from incognita_shared.questionnaire.model import Condition, EvidenceRule, Question, Questionnaire
from incognita_shared.values import Exact


class ChoiceToAnswer(BaseModel):
    """One answer to choose."""

    id: str
    label: dict[str, str]


class QuestionToAnswer(BaseModel):
    """One question; null answers it where ``not_applicable_allowed``."""

    id: str
    type: str
    label: dict[str, str]
    hint: dict[str, str]
    choices: tuple[ChoiceToAnswer, ...]
    minimum: Exact | None
    maximum: Exact | None
    required: bool
    not_applicable_allowed: bool
    relevant: Condition | None
    constraint: Condition | None
    constraint_message: dict[str, str]
    evidence: tuple[EvidenceRule, ...]


class SectionToAnswer(BaseModel):
    """Questions that belong together."""

    id: str
    title: dict[str, str]
    questions: tuple[QuestionToAnswer, ...]


class QuestionnaireToAnswer(BaseModel):
    """A questionnaire version without any scoring."""

    questionnaire_id: str
    version: int
    title: dict[str, str]
    default_language: str
    languages: tuple[str, ...]
    sections: tuple[SectionToAnswer, ...]


def without_scoring(
    questionnaire_id: str, version: int, questionnaire: Questionnaire
) -> QuestionnaireToAnswer:
    """What a shopper may see of the questionnaire."""
    return QuestionnaireToAnswer(
        questionnaire_id=questionnaire_id,
        version=version,
        title=questionnaire.title,
        default_language=questionnaire.default_language,
        languages=questionnaire.languages,
        sections=tuple(
            SectionToAnswer(
                id=section.id,
                title=section.title,
                questions=tuple(_question(question) for question in section.questions),
            )
            for section in questionnaire.sections
        ),
    )


def _question(question: Question) -> QuestionToAnswer:
    shown: dict[str, Any] = {
        name: getattr(question, name)
        for name in QuestionToAnswer.model_fields
        if name not in ("choices", "not_applicable_allowed", "type")
    }
    return QuestionToAnswer(
        **shown,
        type=question.type.value,
        choices=tuple(ChoiceToAnswer(id=each.id, label=each.label) for each in question.choices),
        not_applicable_allowed=question.scoring.not_applicable_allowed,
    )
