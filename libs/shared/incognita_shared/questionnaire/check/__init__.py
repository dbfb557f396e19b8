"""Checks a whole questionnaire before it is published, and shows it as a shopper may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from incognita_shared.questionnaire.check.conditions import condition_problems
from incognita_shared.questionnaire.check.form import form_problems, question_problems
from incognita_shared.questionnaire.check.scoring import scoring_problems
from incognita_shared.questionnaire.model import Question, Questionnaire

__all__ = ["QuestionnaireProblem", "check_questionnaire", "without_scoring"]


@dataclass(frozen=True, slots=True)
class QuestionnaireProblem:
    """One reason not to publish; ``path`` like ``sections.0.questions.2.scoring.cap``."""

    path: str
    cause: str


def check_questionnaire(questionnaire: Questionnaire) -> list[QuestionnaireProblem]:
    """Everything that keeps the questionnaire from being published; empty when it may be."""
    found = list(form_problems(questionnaire))
    questions = {question.id: question for _, question in questionnaire.questions()}
    earlier: dict[str, Question] = {}
    for path, question in _numbered(questionnaire):
        checks = (
            question_problems(question),
            condition_problems(question, earlier, questions),
            scoring_problems(question, questions),
        )
        found += [(f"{path}.{field}", cause) for check in checks for field, cause in check]
        earlier[question.id] = question
    return [QuestionnaireProblem(path, cause) for path, cause in found]


def without_scoring(questionnaire: Questionnaire) -> dict[str, Any]:
    """The questionnaire as JSON data for a shopper: nothing from which points could be guessed.

    Without weights, points, expected answers, bands, standards, criticality, pass mark and what the
    client sees. A question keeps ``not_applicable_allowed``, which the form needs.
    """
    shown = questionnaire.model_dump(mode="json", exclude={"score"})
    for section in shown["sections"]:
        del section["weight"]
        for question in section["questions"]:
            scoring = question.pop("scoring")
            del question["visible_to_client"]
            question["not_applicable_allowed"] = scoring["not_applicable_allowed"]
            for choice in question["choices"]:
                del choice["points"]
    return shown


def _numbered(questionnaire: Questionnaire) -> Iterator[tuple[str, Question]]:
    for number, section in enumerate(questionnaire.sections):
        for place, question in enumerate(section.questions):
            yield f"sections.{number}.questions.{place}", question
