"""What can go wrong here, each with the status that it is answered by."""

from incognita_scoring.rules import ALLOWED, Verb
from incognita_scoring.score import Score
from incognita_shared.problems import Conflict, NotFound, Unavailable


class ScoreNotFound(NotFound):
    """No such visit is scored, or it is not the caller's to see."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"There is no score of a visit {visit_id}")


class ReportRevisionMoved(Conflict):
    """The decision names another report revision than the newest."""

    def __init__(self, score: Score, named: int) -> None:
        super().__init__(
            f"The newest report of visit {score.visit_id} is revision {score.report_revision}, "
            f"not {named}: read it and decide about that one",
            allowed=ALLOWED[score.state],
            state=score.state.value,
            report_revision=score.report_revision,
        )


class DecisionNotAllowed(Conflict):
    """The report's state does not allow the decision."""

    def __init__(self, score: Score, verb: Verb) -> None:
        super().__init__(
            f"The report of visit {score.visit_id} is {score.state}: it is too late to {verb} it",
            allowed=ALLOWED[score.state],
            state=score.state.value,
            report_revision=score.report_revision,
        )


class TooBusy(Unavailable):
    """Others kept deciding about the same report."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"The report of visit {visit_id} is being changed by others; try again")
