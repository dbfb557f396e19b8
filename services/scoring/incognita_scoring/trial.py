"""Scores answers to a questionnaire that need not be published. Pure: nothing is stored."""

from incognita_scoring.engine import ENGINE_VERSION, score_visit
from incognita_scoring.schemas.trials import Trial, TrialError, TrialScore
from incognita_shared.problems import Invalid, field_error
from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.reevaluation import findings_of

MOST_QUESTIONS = 2_000
"""A trial runs while other requests wait: so many take some hundred milliseconds."""


def try_out(trial: Trial) -> TrialScore:
    """The score with every reason, the errors and the findings.

    Raises Invalid, naming every mistake, for a questionnaire that could not be published.
    """
    _check(trial)
    visit = score_visit(trial.definition, trial.answers, trial.context.as_context())
    names = TrialScore.model_fields.keys() - {"engine_version", "answer_errors", "findings"}
    return TrialScore(
        **{name: getattr(visit, name) for name in names},
        engine_version=ENGINE_VERSION,
        answer_errors=tuple(
            TrialError(question_id=each.question_id, cause=each.cause)
            for each in visit.read.errors()
        ),
        findings=findings_of(visit.read),
    )


def _check(trial: Trial) -> None:
    asked = sum(
        len(section.questions) * (section.repeat.maximum if section.repeat else 1)
        for section in trial.definition.sections
    )
    if asked > MOST_QUESTIONS:
        cause = f"asks up to {asked} questions with repetitions, a trial takes {MOST_QUESTIONS}"
        raise Invalid("Too large for a trial", errors=[field_error("definition", cause)])
    problems = check_questionnaire(trial.definition)
    if problems:
        errors = [field_error(f"definition.{each.path}", each.cause) for each in problems]
        raise Invalid("The questionnaire could not be published", errors=errors)
