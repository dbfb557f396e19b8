"""An appeal: a branch disputes one question of an approved report, and the agency decides."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field

from incognita_scoring.engine.rulings import RulingKind
from incognita_scoring.score import Ruling
from incognita_shared.events.scoring import AppealCategory
from incognita_shared.ids import derived_id
from incognita_shared.values import Id, Moment, Sha256, Value


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    DECLINED = "declined"


class ChangeKind(StrEnum):
    """What an upheld appeal changes about its question."""

    ANSWER = "answer"
    FULL_POINTS = "full_points"
    DOES_NOT_COUNT = "does_not_count"


class AppealChange(Value):
    """``answer`` is the right answer, for that kind alone; None takes the answer away."""

    kind: ChangeKind
    answer: Any = None


class Attachment(Value):
    """A file of an appeal, whose bytes the object store itself has confirmed."""

    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=1)]
    content_type: str
    name: str
    object_key: str
    version_id: str


class Verdict(Value):
    """The agency's word. ``score_revision``: the one that it made, if it was upheld."""

    upheld: bool
    category: AppealCategory
    reason: str
    change: AppealChange | None
    key_id: str
    decided_at: Moment
    score_revision: int | None
    seq: int

    def says(self, other: "Verdict") -> bool:
        """Whether the other one is the same word, said again."""
        same = ("upheld", "category", "reason", "change")
        return all(getattr(self, name) == getattr(other, name) for name in same)


class Appeal(Value):
    """One appeal. ``seq`` is that of its ``appeal.opened`` among the visit's events."""

    appeal_id: Id
    chain_id: Id
    visit_id: Id
    branch_id: Id
    wave_id: Id
    programme_id: Id
    shopper_id: Id
    question_id: str
    instance: int | None
    score_revision: int
    text: str
    attachments: tuple[Attachment, ...]
    state: AppealState
    opened_by: str
    opened_at: Moment
    decide_by: Moment
    seq: int
    verdict: Verdict | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        """What it is about."""
        return self.question_id, self.instance

    def decided(self, verdict: Verdict) -> Self:
        """The appeal after the word."""
        state = AppealState.UPHELD if verdict.upheld else AppealState.DECLINED
        return self.model_copy(update={"state": state, "verdict": verdict})

    def ruling(self, kind: ChangeKind) -> Ruling | None:
        """What it rules beside the answers, if anything."""
        if kind is ChangeKind.ANSWER:
            return None
        return Ruling(
            question_id=self.question_id,
            instance=self.instance,
            kind=RulingKind(kind.value),
            appeal_id=self.appeal_id,
        )


def appeal_id(visit_id: str, score_revision: int, question_id: str, instance: int | None) -> str:
    """One question of one score revision is appealed once, however often it is asked for."""
    where = "" if instance is None else str(instance)
    return derived_id("appeal", visit_id, str(score_revision), question_id, where)


def object_key(chain_id: str, visit_id: str, sha256: str) -> str:
    """Where a file of the visit's appeals lies in the object store."""
    return f"{chain_id}/{visit_id}/appeals/{sha256}"


def about(appeal: Appeal) -> dict[str, Any]:
    """What every event of an appeal says."""
    names = ("chain_id", "visit_id", "branch_id", "wave_id", "appeal_id", "question_id", "instance")
    return {name: getattr(appeal, name) for name in names}
