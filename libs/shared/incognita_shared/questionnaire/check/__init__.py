"""Checks a whole questionnaire before it is published, and shows it as a shopper may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from incognita_shared.questionnaire.check.conditions import condition_problems
from incognita_shared.questionnaire.check.form import form_problems, question_problems
from incognita_shared.questionnaire.check.scoring import scoring_problems
from incognita_shared.questionnaire.check.structure import structure_problems
from incognita_shared.questionnaire.model import Question, Questionnaire, Section

__all__ = ["QuestionnaireProblem", "check_questionnaire", "without_scoring"]


@dataclass(frozen=True, slots=True)
class QuestionnaireProblem:
    """One reason not to publish; ``path`` like ``sections.0.questions.2.scoring.cap``."""

    path: str
    cause: str


def check_questionnaire(questionnaire: Questionnaire) -> list[QuestionnaireProblem]:
    """Everything that keeps the questionnaire from being published; empty when it may be."""
    found = [*form_problems(questionnaire), *structure_problems(questionnaire)]
    for path, section, question in _numbered(questionnaire):
        checks = (
            question_problems(question),
            scoring_problems(question, section, questionnaire),
        )
        found += [(f"{path}.{field}", cause) for check in checks for field, cause in check]
    found += condition_problems(questionnaire)
    return [QuestionnaireProblem(path, cause) for path, cause in found]


def without_scoring(questionnaire: Questionnaire) -> dict[str, Any]:
    """The questionnaire as JSON data for a shopper: nothing from which points could be guessed.

    Without weights, points, expected answers, bands, standards, criticality, pass mark and what the
    client sees. A question keeps ``not_applicable_allowed``, which the form needs.
    """
    shown = questionnaire.model_dump(mode="json", exclude={"score"})
    for section in shown["sections"]:
        del section["weight"], section["not_applicable"]
        if section["repeat"]:
            del section["repeat"]["aggregation"]
        for question in section["questions"]:
            scoring = question.pop("scoring")
            del question["visible_to_client"], question["compares"]
            question["not_applicable_allowed"] = scoring["not_applicable_allowed"]
            for choice in question["choices"]:
                del choice["points"]
    return shown


def _numbered(questionnaire: Questionnaire) -> Iterator[tuple[str, Section, Question]]:
    for number, section in enumerate(questionnaire.sections):
        for place, question in enumerate(section.questions):
            yield f"sections.{number}.questions.{place}", section, question
