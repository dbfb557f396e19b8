"""What can go wrong here, each with the status that it is answered by."""

from collections.abc import Iterable

from incognita_evidence.report import Item, ReportState
from incognita_evidence.visit import VisitState
from incognita_shared.problems import Conflict, Invalid, NotFound, NotYet, Unavailable, field_error
from incognita_shared.questionnaire.answers import AnswerError


class VisitNotFound(NotFound):
    """No such visit, or not the caller's."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"There is no visit {visit_id}")


class ReportNotFound(NotFound):
    """Nothing was handed in for such a visit."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"There is no report of a visit {visit_id}")


class ItemNotFound(NotFound):
    """No such item in this visit."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"The visit has no evidence item {item_id}")


class AcceptanceNotHere(NotYet):
    """The visit is offered as far as is known here; its acceptance may be on the way."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(
            f"Visit {visit_id} is not known to be accepted yet; if it was, try again in a moment",
            state=VisitState.OFFERED.value,
        )


class QuestionnaireNotHere(NotYet):
    """The questionnaire's event is on the way."""

    def __init__(self, questionnaire_id: str, version: int) -> None:
        super().__init__(
            f"Questionnaire {questionnaire_id}, version {version}, has not arrived here yet"
        )


class VisitClosed(Conflict):
    """The visit takes nothing any more."""

    def __init__(self, visit_id: str, state: VisitState) -> None:
        super().__init__(
            f"Visit {visit_id} is {state}, so nothing is taken for it",
            state=state.value,
            allowed=[],
        )


class ReportClosed(Conflict):
    """The report does not take this in its state."""

    def __init__(self, visit_id: str, state: ReportState, allowed: Iterable[str] = ()) -> None:
        super().__init__(
            f"The report of visit {visit_id} is {state}", state=state.value, allowed=allowed
        )


class TooManyItems(Conflict):
    """A visit has a bounded number of items."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A visit takes at most {limit} evidence items", allowed=[])


class ObjectNotHere(NotYet):
    """The object has not been uploaded, or not whole."""

    def __init__(self, item: Item) -> None:
        super().__init__(
            f"The object of item {item.item_id} is not there yet: upload it, then try again"
        )


class ItemsRefused(Invalid):
    """Objects that are not what was declared; they do not count."""

    def __init__(self, items: Iterable[Item]) -> None:
        refused = tuple(items)
        super().__init__(
            "Not evidence: " + "; ".join(f"item {item.item_id}: {item.cause}" for item in refused),
            errors=[field_error(f"items.{item.item_id}", item.cause or "") for item in refused],
        )


class AnswersInvalid(Invalid):
    """Answers that the questionnaire does not take."""

    def __init__(self, errors: Iterable[AnswerError]) -> None:
        super().__init__(
            "The answers do not fit the questionnaire",
            errors=[field_error(f"answers.{each.question_id}", each.cause) for each in errors],
        )


class UnknownStage(Invalid):
    """The questionnaire has no such stage."""

    def __init__(self, stage_id: str, known: Iterable[str]) -> None:
        stages = ", ".join(known) or "none"
        cause = f"{stage_id} is no stage of this questionnaire; its stages: {stages}"
        super().__init__("Unknown stage", errors=[field_error("stage_id", cause)])


class KeyUsedOtherwise(Invalid):
    """The same Idempotency-Key with another body."""

    def __init__(self) -> None:
        cause = "was used with another body; give each new submission a key of its own"
        super().__init__(
            "The Idempotency-Key was used with another body",
            errors=[field_error("header.Idempotency-Key", cause)],
        )


class TooBusy(Unavailable):
    """Other requests kept changing the same report."""

    def __init__(self, visit_id: str) -> None:
        super().__init__(f"The report of visit {visit_id} is being changed by other requests")
