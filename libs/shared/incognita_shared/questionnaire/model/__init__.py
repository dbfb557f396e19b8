"""The native questionnaire as authors write it: sections, questions, scoring, evidence."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from incognita_shared.questionnaire.conditions import named_questions
from incognita_shared.questionnaire.model.question import (
    MEDIA_TYPES,
    Choice,
    EvidenceRule,
    Question,
    QuestionType,
)
from incognita_shared.questionnaire.model.scoring import (
    Band,
    CountedStandard,
    CriticalEffect,
    Indicator,
    Scoring,
    ScoringMethod,
    TimedStandard,
)
from incognita_shared.questionnaire.model.section import (
    Aggregation,
    NotApplicablePolicy,
    Repeat,
    Section,
    Stage,
    Subject,
)
from incognita_shared.questionnaire.model.texts import (
    Calculation,
    Condition,
    Expected,
    Language,
    Percent,
    Texts,
)
from incognita_shared.values import Value

__all__ = [
    "MEDIA_TYPES",
    "Aggregation",
    "Band",
    "Calculation",
    "Choice",
    "Condition",
    "CountedStandard",
    "CriticalEffect",
    "EvidenceRule",
    "Expected",
    "Indicator",
    "Language",
    "NotApplicablePolicy",
    "Question",
    "QuestionType",
    "Questionnaire",
    "Repeat",
    "ScoreRules",
    "Scoring",
    "ScoringMethod",
    "Section",
    "Stage",
    "Subject",
    "Texts",
    "TimedStandard",
]


class ScoreRules(Value):
    """Rounding (half up) of scores, and the mark from which the rounded score passes, 0 to 100."""

    decimals: Annotated[int, Field(ge=0, le=4)] = 2
    pass_mark: Percent | None = None


class Questionnaire(Value):
    """A whole questionnaire. Question and section ids share one space and are unique in it.

    ``scenarios`` names those for which it was written; empty: any.
    """

    title: Texts
    default_language: Language
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=50)]
    scenarios: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    stages: Annotated[tuple[Stage, ...], Field(max_length=20)] = ()
    sections: Annotated[tuple[Section, ...], Field(min_length=1, max_length=100)]
    score: ScoreRules = ScoreRules()
    format: Literal[1] = 1

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Every question with its section, in order."""
        for section in self.sections:
            for question in section.questions:
                yield section, question

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """Question id → question, in order: worked out once, for every report asks for it."""
        return {question.id: question for _, question in self.questions()}

    @cached_property
    def section_of(self) -> dict[str, Section]:
        """Question id → its section."""
        return {question.id: section for section, question in self.questions()}

    @cached_property
    def repeated(self) -> dict[str, Section]:
        """Section id → section, of those that repeat."""
        return {section.id: section for section in self.sections if section.repeat}

    @cached_property
    def with_evidence(self) -> tuple[Question, ...]:
        """The questions that may ask for evidence."""
        return tuple(
            question
            for _, question in self.questions()
            if question.evidence or question.type in MEDIA_TYPES
        )

    @cached_property
    def timed(self) -> frozenset[str]:
        """The ids of the questions by whose answers timed standards are measured."""
        standards = {
            question.id: question.scoring.standard
            for question in self.by_id.values()
            if question.scoring.method is ScoringMethod.TIMED_STANDARD
        }
        starts = (each.start_question_id for each in standards.values() if each)
        return frozenset((*standards, *(start for start in starts if start)))

    @cached_property
    def reckoned_with(self) -> frozenset[str]:
        """The ids of the questions whose answers some rule may read, as path or as value."""
        rules: list[tuple[str, dict[str, Any] | bool]] = [
            (each.id, rule) for _, each in self.questions() for rule in each.conditions()
        ]
        rules += [(each.id, each.relevant) for each in self.sections if each.relevant is not None]
        return frozenset(own for own, _ in rules).union(*(named_questions(r) for _, r in rules))

    def stage_of(self, section: Section) -> Stage | None:
        """The section's stage."""
        return next((stage for stage in self.stages if stage.id == section.stage_id), None)
