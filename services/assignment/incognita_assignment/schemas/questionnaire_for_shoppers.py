"""The questionnaire as the shopper gets it: what to ask and prove, never how it scores.

Every field is named here. A field added to the questionnaire's model stays hidden until somebody
adds it on purpose, so that no point, weight or expected value reaches a shopper's phone by
accident. ``W`` is what stands for a wording: all its languages, or in a preview the text in one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, Field

from incognita_shared.questionnaire.conditions import names
from incognita_shared.questionnaire.model import (
    Calculation,
    Condition,
    Question,
    Questionnaire,
    Section,
)
from incognita_shared.values import Attributes, Channel, EvidenceKind, Exact

W = TypeVar("W")
Worded: TypeAlias = Callable[[str, Mapping[str, str]], W]
"""Path of a wording, and its texts by language → what is shown of it."""
Wordings: TypeAlias = dict[str, str]

_BRANCH = "branch."


class _Shown(BaseModel, Generic[W]):
    """Named for what stands for a wording, so that the OpenAPI document can be read."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return cls.__name__ + ("InOneLanguage" if params == (str,) else "")


class ChoiceToAnswer(_Shown[W], Generic[W]):
    """One answer to choose, where ``relevant`` holds."""

    id: str
    label: W
    relevant: Condition | None


class EvidenceToBring(BaseModel):
    """Evidence that a question asks for, when its condition holds."""

    kind: EvidenceKind
    minimum_count: int
    maximum_count: int
    when: Condition | None
    position_required: bool
    maximum_age_s: int | None
    gallery_allowed: bool


class QuestionToAnswer(_Shown[W], Generic[W]):
    """One question; null answers it where ``not_applicable_allowed``."""

    id: str
    type: str
    label: W
    hint: W
    choices: tuple[ChoiceToAnswer[W], ...]
    minimum: Exact | None
    maximum: Exact | None
    required: Condition
    required_message: W
    not_applicable_allowed: bool
    relevant: Condition | None
    constraint: Condition | None
    constraint_message: W
    calculation: Calculation | None
    default: Any
    presentation: dict[str, str]
    evidence: tuple[EvidenceToBring, ...]


class Repetitions(BaseModel):
    """How often a section may be answered."""

    minimum: int
    maximum: int


class SectionToAnswer(_Shown[W], Generic[W]):
    """Questions that belong together; with ``repeat`` they are answered several times."""

    id: str
    title: W
    relevant: Condition | None
    stage_id: str | None
    repeat: Repetitions | None
    questions: tuple[QuestionToAnswer[W], ...]


class StageToDo(_Shown[W], Generic[W]):
    """A part of the visit; its dates stand in the terms."""

    id: str
    title: W
    channel: Channel


class _Form(_Shown[W], Generic[W]):
    questionnaire_id: str
    version: int
    title: W
    default_language: str
    languages: tuple[str, ...]
    stages: tuple[StageToDo[W], ...]
    sections: tuple[SectionToAnswer[W], ...]


class Asked(BaseModel):
    """What conditions may ask of a visit beside its answers, as far as these conditions do."""

    branch: Attributes = Field(default_factory=dict)
    visit: dict[str, str] = Field(default_factory=dict)


class QuestionnaireToAnswer(_Form[Wordings]):
    """A questionnaire version without any scoring, and what its conditions ask of the visit."""

    context: Asked = Asked()


class QuestionnairePreview(_Form[str]):
    """The same in one language; a wording that it lacks is there in the default language.

    ``missing`` names those wordings, by their path.
    """

    language: str
    missing: tuple[str, ...]


def without_scoring(
    questionnaire_id: str,
    version: int,
    questionnaire: Questionnaire,
    context: Asked | None = None,
) -> QuestionnaireToAnswer:
    """What a shopper may see of the questionnaire; of the branch only what it asks for."""
    asked = context or Asked()
    wanted = branch_attributes(questionnaire)
    branch = {name: value for name, value in asked.branch.items() if name in wanted}
    return QuestionnaireToAnswer(
        questionnaire_id=questionnaire_id,
        version=version,
        context=Asked(branch=branch, visit=asked.visit),
        **form_of(questionnaire, lambda _, texts: dict(texts)),
    )


def branch_attributes(questionnaire: Questionnaire) -> frozenset[str]:
    """The attributes of the branch that some condition asks for."""
    paths = {path for rule in _rules(questionnaire) for path in names(rule)}
    return frozenset(path.removeprefix(_BRANCH) for path in paths if path.startswith(_BRANCH))


def _rules(questionnaire: Questionnaire) -> Iterator[dict[str, Any] | bool]:
    for section in questionnaire.sections:
        if section.relevant is not None:
            yield section.relevant
        for question in section.questions:
            yield from question.conditions()


def form_of(questionnaire: Questionnaire, worded: Worded[Any]) -> dict[str, Any]:
    """The fields of a form, as plain data, each wording made by ``worded``."""
    return {
        "title": worded("title", questionnaire.title),
        "default_language": questionnaire.default_language,
        "languages": questionnaire.languages,
        "stages": [
            {
                "id": stage.id,
                "title": worded(f"stages[{stage.id}].title", stage.title),
                "channel": stage.channel,
            }
            for stage in questionnaire.stages
        ],
        "sections": [_section(section, worded) for section in questionnaire.sections],
    }


def _section(section: Section, worded: Worded[Any]) -> dict[str, Any]:
    path, repeat = f"sections[{section.id}]", section.repeat
    return {
        "id": section.id,
        "title": worded(f"{path}.title", section.title),
        "relevant": section.relevant,
        "stage_id": section.stage_id,
        "repeat": repeat and {"minimum": repeat.minimum, "maximum": repeat.maximum},
        "questions": [
            _question(f"{path}.questions[{question.id}]", question, worded)
            for question in section.questions
        ],
    }


_WORDINGS = ("label", "hint", "required_message", "constraint_message")
_AS_THEY_ARE = (
    "id", "minimum", "maximum", "required", "relevant", "constraint", "calculation", "default",
    "presentation",
)  # fmt: skip


def _question(path: str, question: Question, worded: Worded[Any]) -> dict[str, Any]:
    return {
        **{name: getattr(question, name) for name in _AS_THEY_ARE},
        **{name: worded(f"{path}.{name}", getattr(question, name)) for name in _WORDINGS},
        "type": question.type.value,
        "choices": [
            {
                "id": choice.id,
                "label": worded(f"{path}.choices[{choice.id}].label", choice.label),
                "relevant": choice.relevant,
            }
            for choice in question.choices
        ],
        "not_applicable_allowed": question.scoring.not_applicable_allowed,
        "evidence": [
            {name: getattr(rule, name) for name in EvidenceToBring.model_fields}
            for rule in question.evidence
        ],
    }
