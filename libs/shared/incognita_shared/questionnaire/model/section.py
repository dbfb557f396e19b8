"""Sections, the groups that repeat, and the stages of a visit to which sections belong."""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import Field

from incognita_shared.questionnaire.compiled import Test, compiled
from incognita_shared.questionnaire.model.question import Question
from incognita_shared.questionnaire.model.texts import Condition, Texts, Weight
from incognita_shared.values import Channel, Id, Value


class NotApplicablePolicy(StrEnum):
    """How a question that the shopper answered with N/A counts within its section.

    exclude: not at all (0 of 0). full: as if all its points were earned. zero: as if none were.
    """

    EXCLUDE = "exclude"
    FULL = "full"
    ZERO = "zero"


class Aggregation(StrEnum):
    """How the repetitions of a group make one section.

    pool: all their points together. mean, worst, best: of the repetitions' own scores.
    """

    POOL = "pool"
    MEAN = "mean"
    WORST = "worst"
    BEST = "best"


class Subject(StrEnum):
    """Whom a section is about. What is seen at a competitor never counts for the branch."""

    BRANCH = "branch"
    COMPETITOR = "competitor"


class Repeat(Value):
    """A section answered several times: each employee met, each product looked at.

    The answers stand under the section's id, a list of objects (question id → answer).
    """

    minimum: Annotated[int, Field(ge=0, le=50)] = 0
    maximum: Annotated[int, Field(ge=1, le=50)] = 20
    aggregation: Aggregation = Aggregation.POOL


class Section(Value):
    """Questions that make one score; sections count by their weight.

    ``stage_id``: the stage in which they are answered, where the questionnaire has stages.
    """

    id: Id
    title: Texts
    weight: Weight = Decimal(1)
    relevant: Condition | None = None
    stage_id: Id | None = None
    subject: Subject = Subject.BRANCH
    not_applicable: NotApplicablePolicy = NotApplicablePolicy.EXCLUDE
    repeat: Repeat | None = None
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=500)]

    @cached_property
    def applies(self) -> Test | None:
        """``relevant``, ready to run."""
        return None if self.relevant is None else compiled(self.relevant)


class Stage(Value):
    """A part of a visit with its own time window, channel, evidence and score.

    ``opens_after_days`` and ``due_after_days`` set its window from the day on which the visit's
    terms open; without them it is the whole visit's.
    """

    id: Id
    title: Texts
    channel: Channel
    opens_after_days: Annotated[int, Field(ge=0, le=366)] | None = None
    due_after_days: Annotated[int, Field(ge=0, le=366)] | None = None
