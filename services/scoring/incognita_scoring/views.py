"""Scores as a caller is shown them: the chain sees no hidden question, note or finding."""

from typing import Any

from incognita_scoring.corrections import changes
from incognita_scoring.rules import ALLOWED
from incognita_scoring.schemas.shown import (
    AnswerChange,
    DecisionView,
    QuestionView,
    ReviewedRevision,
    ReviewedScore,
    RevisionView,
    ScoreView,
    lock_of,
)
from incognita_scoring.score import Decision, Revision, Score, Scored
from incognita_shared.questionnaire.model import Questionnaire


def client_view(score: Score, revision: Revision, questionnaire: Questionnaire | None) -> ScoreView:
    """The score for the chain's own roles."""
    shown = _without_hidden(revision, questionnaire)
    return ScoreView(
        **_common(ScoreView, score), **shown, sections=revision.sections, stages=revision.stages
    )


def reviewer_view(
    score: Score, revision: Revision, questionnaire: Questionnaire | None
) -> ReviewedScore:
    """The score for reviewers and the agency."""
    return ReviewedScore(
        **_common(ReviewedScore, score),
        critical_failed=score.critical_failed,
        sections=revision.sections,
        stages=revision.stages,
        questions=_questions(revision, questionnaire),
        hidden_questions=revision.hidden_questions,
        allowed=ALLOWED[score.state],
        decisions=tuple(_decision(each) for each in score.decisions),
        lock=lock_of(score.locked_by, score.locked_until),
    )


def client_revision_view(
    revision: Revision, questionnaire: Questionnaire | None, *, approved: bool
) -> RevisionView:
    """One revision for the chain's own roles."""
    shown = _without_hidden(revision, questionnaire)
    return RevisionView(**_common(RevisionView, revision), **shown, approved=approved)


def reviewer_revision_view(
    revision: Revision,
    questionnaire: Questionnaire | None,
    *,
    approved: bool,
    before: Revision | None,
) -> ReviewedRevision:
    """One revision for reviewers and the agency, with what was answered otherwise ``before``."""
    differing = changes(before.answers, revision.answers) if before else ()
    return ReviewedRevision(
        **_common(ReviewedRevision, revision),
        critical_failed=revision.critical_failed,
        questions=_questions(revision, questionnaire),
        approved=approved,
        changes=tuple(AnswerChange(**each._asdict()) for each in differing),
    )


def _decision(decision: Decision) -> DecisionView:
    return DecisionView(**decision.model_dump(include=set(DecisionView.model_fields)))


def _common(view: type[Any], scored: Scored) -> dict[str, Any]:
    """The fields that the view has under the same name and type, unchanged."""
    built = {"critical_failed", "questions", "decisions", "allowed", "approved", "lock", "changes"}
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
