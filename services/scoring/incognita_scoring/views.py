"""Scores as a caller is shown them: the chain sees no hidden question, note or finding."""

from typing import Any

from incognita_scoring.rules import ALLOWED
from incognita_scoring.schemas.shown import (
    DecisionView,
    QuestionView,
    ReviewedScore,
    RevisionView,
    ScoreView,
)
from incognita_scoring.score import Revision, Score, Scored
from incognita_shared.questionnaire.model import Questionnaire


def client_view(score: Score, revision: Revision, questionnaire: Questionnaire | None) -> ScoreView:
    """The score for the chain's own roles."""
    shown = _without_hidden(revision, questionnaire)
    return ScoreView(**_common(ScoreView, score), **shown, sections=revision.sections)


def reviewer_view(
    score: Score, revision: Revision, questionnaire: Questionnaire | None
) -> ReviewedScore:
    """The score for reviewers and the agency."""
    return ReviewedScore(
        **_common(ReviewedScore, score),
        critical_failed=score.critical_failed,
        sections=revision.sections,
        questions=_questions(revision, questionnaire),
        hidden_questions=revision.hidden_questions,
        allowed=ALLOWED[score.state],
        decisions=tuple(DecisionView(**each.model_dump()) for each in score.decisions),
    )


def revision_view(
    revision: Revision, questionnaire: Questionnaire | None, *, approved: bool, whole: bool
) -> RevisionView:
    """One revision; ``whole`` with the questions that the chain does not see."""
    shown = (
        {
            "critical_failed": revision.critical_failed,
            "questions": _questions(revision, questionnaire),
        }
        if whole
        else _without_hidden(revision, questionnaire)
    )
    return RevisionView(**_common(RevisionView, revision), **shown, approved=approved)


def _common(view: type[Any], scored: Scored) -> dict[str, Any]:
    """The fields that the view has under the same name and type, unchanged."""
    built = {"critical_failed", "questions", "decisions", "allowed", "approved"}
    return {
        name: getattr(scored, name)
        for name in view.model_fields
        if name not in built and name in type(scored).model_fields
    }


def _without_hidden(revision: Revision, questionnaire: Questionnaire | None) -> dict[str, Any]:
    hidden = set(revision.hidden_questions)
    return {
        "critical_failed": tuple(one for one in revision.critical_failed if one not in hidden),
        "questions": tuple(
            one for one in _questions(revision, questionnaire) if one.question_id not in hidden
        ),
    }


def _questions(revision: Revision, questionnaire: Questionnaire | None) -> tuple[QuestionView, ...]:
    asked = questionnaire.questions() if questionnaire else ()
    labels = {question.id: question.label for _, question in asked}
    return tuple(
        QuestionView(**one.model_dump(), label=labels.get(one.question_id, {}))
        for one in revision.questions
    )
