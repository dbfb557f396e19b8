"""What can go wrong here, each with the status that it is answered by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from incognita_scoring.rules import ALLOWED, Verb
from incognita_scoring.score import Score, Scored
from incognita_shared.problems import (
    Conflict,
    Invalid,
    NotFound,
    NotYet,
    Unavailable,
    field_error,
)
from incognita_shared.questionnaire.answers import AnswerError


class ScoreNotFound(NotFound):
    """No such visit is scored, or it is not the caller's to see."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"There is no score of a visit {visit_id}")


class AppealNotFound(NotFound):
    """No such appeal, or it is not the caller's to see."""

    def __init__(self, appeal_id: str) -> None:
        super().__init__(f"There is no appeal {appeal_id}")


class _ReviewConflict(Conflict):
    """The review's state is in the way; the answer says what it is."""

    def __init__(self, score: Score, detail: str, **more: Any) -> None:
        super().__init__(
            detail,
            allowed=ALLOWED[score.state],
            state=score.state.value,
            report_revision=score.report_revision,
            **more,
        )


class ReportRevisionMoved(_ReviewConflict):
    """The decision names another report revision than the newest."""

    def __init__(self, score: Score, named: int) -> None:
        super().__init__(
            score,
            f"The newest report of visit {score.visit_id} is revision {score.report_revision}, "
            f"not {named}: read it and decide about that one",
        )


class DecisionNotAllowed(_ReviewConflict):
    """The report's state does not allow the decision."""

    def __init__(self, score: Score, verb: Verb) -> None:
        super().__init__(
            score,
            f"The report of visit {score.visit_id} is {score.state}: it is too late to {verb} it",
        )


class NotInTheQueue(_ReviewConflict):
    """It waits for nobody."""

    def __init__(self, score: Score) -> None:
        super().__init__(
            score, f"The report of visit {score.visit_id} is {score.state}: it waits for nobody"
        )


class ClaimedByAnother(_ReviewConflict):
    """Another reviewer has it for now."""

    def __init__(self, score: Score, until: datetime) -> None:
        super().__init__(
            score,
            f"Another reviewer has the report of visit {score.visit_id} until {until.isoformat()}",
            locked_until=until.isoformat(),
        )


class SecondReviewerNeeded(_ReviewConflict):
    """Who approved first can't be the second."""

    def __init__(self, score: Score) -> None:
        super().__init__(
            score,
            f"Your approval of visit {score.visit_id} is noted; another reviewer must give the "
            "second one",
            second_grounds=list(score.second_grounds),
        )


class UnknownQuestions(Invalid):
    """Questions are named that the report's questionnaire does not have."""

    def __init__(self, named: dict[str, str]) -> None:
        errors = [
            field_error(field, f"{question_id[:100]!r} is not a question of this report")
            for field, question_id in named.items()
        ]
        super().__init__("Unknown question", errors=errors)


class TooBusy(Unavailable):
    """Others kept deciding about the same report."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"The report of visit {visit_id} is being changed by others; try again")


class AnswersRefused(Invalid):
    """Answers that the questionnaire does not take; the answer names each."""

    def __init__(self, wrong: Sequence[AnswerError]) -> None:
        errors = [field_error(f"answers.{each.question_id}", each.cause) for each in wrong]
        super().__init__("Some answers are not right", errors=errors)


class QuestionnaireGone(Unavailable):
    """The version that the score was made with has not come (back) to this service yet."""

    def __init__(self, scored: Scored) -> None:
        version = f"{scored.questionnaire_id}:{scored.questionnaire_version}"
        super().__init__(f"The questionnaire {version} is not here yet")


class NotAppealable(Conflict):
    """The question can't be appealed now; ``more`` says what stands against it."""

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__(detail, **more)


class AttachmentMissing(NotYet):
    """A file was declared and is not in the object store yet."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(
            f"The file {name!r} is not uploaded yet",
            errors=[field_error(f"attachments.{number}", "is not in the object store")],
        )


class AttachmentRefused(Invalid):
    """A file is not what was declared."""

    def __init__(self, number: int, cause: str) -> None:
        super().__init__(
            "A file is not what was declared",
            errors=[field_error(f"attachments.{number}", cause)],
        )
