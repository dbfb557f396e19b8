"""One question: what is asked, of which type, under which conditions, with which evidence."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from incognita_shared.questionnaire.compiled import Test, compiled
from incognita_shared.questionnaire.model.scoring import Scoring
from incognita_shared.questionnaire.model.texts import (
    Calculation,
    Condition,
    ExpectedValue,
    Number,
    OptionalTexts,
    Points,
    Texts,
)
from incognita_shared.values import EvidenceKind, Id, Value


class QuestionType(StrEnum):
    """What an answer looks like in JSON is said beside each type."""

    SINGLE_CHOICE = "single_choice"  # a choice id
    MULTIPLE_CHOICE = "multiple_choice"  # a list of choice ids, each at most once
    BOOLEAN = "boolean"  # true or false
    INTEGER = "integer"
    DECIMAL = "decimal"  # a number, or a string with a decimal point
    TEXT = "text"
    DATE = "date"  # YYYY-MM-DD
    TIME = "time"  # HH:MM[:SS]
    MOMENT = "moment"  # RFC 3339 with a zone
    DURATION = "duration"  # seconds, a number ≥ 0
    RATING = "rating"  # an integer between minimum and maximum
    PHOTO = "photo"  # media: a list of the files' SHA-256, each declared and uploaded
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    POSITION = "position"  # {"latitude", "longitude", "accuracy_m"}
    CALCULATED = "calculated"  # reckoned by the server; what a device says of it is only compared
    NOTE = "note"  # shown only; takes no answer


MEDIA_TYPES: dict[QuestionType, EvidenceKind] = {
    QuestionType.PHOTO: EvidenceKind.PHOTO,
    QuestionType.AUDIO: EvidenceKind.AUDIO,
    QuestionType.VIDEO: EvidenceKind.VIDEO,
    QuestionType.FILE: EvidenceKind.DOCUMENT,
}
"""Types answered by files, with the kind of evidence that their files are."""


class Choice(Value):
    """One answer to choose; ``points`` counts for the method ``choice_points``.

    With ``relevant`` it is offered only where that holds (a city of the country chosen before).
    """

    id: Id
    label: Texts
    points: Points | None = None
    relevant: Condition | None = None

    @cached_property
    def applies(self) -> Test | None:
        """``relevant``, ready to run."""
        return None if self.relevant is None else compiled(self.relevant)


class EvidenceRule(Value):
    """Evidence that this question asks for, when its condition holds (always, if there is none).

    ``maximum_age_s``: how long before the visit's end the item may have been captured.
    ``gallery_allowed``: whether a file that was not captured by the app itself is taken.
    """

    kind: EvidenceKind
    minimum_count: Annotated[int, Field(ge=0, le=20)] = 1
    maximum_count: Annotated[int, Field(ge=1, le=50)] = 10
    when: Condition | None = None
    position_required: bool = False
    maximum_age_s: Annotated[int, Field(ge=1, le=31_622_400)] | None = None
    gallery_allowed: bool = True
    retention_days: Annotated[int, Field(ge=1, le=3_660)] | None = None

    @cached_property
    def condition(self) -> Test | None:
        """``when``, ready to run."""
        return None if self.when is None else compiled(self.when)


class Question(Value):
    """One question; its id is stable for ever. An answer of null with ``N/A`` allowed means N/A.

    ``minimum`` and ``maximum`` bound a number, the length of a text, or how many choices or files
    are given. ``default`` is shown prefilled and never assumed by the server. ``presentation``
    tells a form app how to show it (ODK's appearance and parameters) and means nothing for scores.
    ``compares`` names the question about the branch itself that this one asks about a competitor.
    """

    id: Id
    type: QuestionType
    label: Texts
    hint: OptionalTexts = Field(default_factory=dict)
    choices: Annotated[tuple[Choice, ...], Field(max_length=2_000)] = ()
    minimum: Number | None = None
    maximum: Number | None = None
    required: Condition = True
    required_message: OptionalTexts = Field(default_factory=dict)
    relevant: Condition | None = None
    constraint: Condition | None = None
    constraint_message: OptionalTexts = Field(default_factory=dict)
    calculation: Calculation | None = None
    default: ExpectedValue | None = None
    presentation: Annotated[dict[Id, str], Field(max_length=20)] = Field(default_factory=dict)
    compares: Id | None = None
    scoring: Scoring = Scoring()
    evidence: Annotated[tuple[EvidenceRule, ...], Field(max_length=10)] = ()
    visible_to_client: bool = True

    @cached_property
    def choice_ids(self) -> frozenset[str]:
        """The ids of its choices."""
        return frozenset(choice.id for choice in self.choices)

    @cached_property
    def conditional_choices(self) -> dict[str, Test]:
        """Choice id → when it is offered, of those that are not always."""
        return {each.id: each.applies for each in self.choices if each.applies is not None}

    @cached_property
    def applies(self) -> Test | None:
        """``relevant``, ready to run."""
        return None if self.relevant is None else compiled(self.relevant)

    @cached_property
    def holds(self) -> Test | None:
        """``constraint``, ready to run."""
        return None if self.constraint is None else compiled(self.constraint)

    @cached_property
    def must_be_answered(self) -> Test | None:
        """``required``, ready to run where it is a rule; else None, and ``required`` says it."""
        return None if isinstance(self.required, bool) else compiled(self.required)

    @cached_property
    def reckoned(self) -> Test | None:
        """``calculation``, ready to run."""
        return None if self.calculation is None else compiled(self.calculation)

    def conditions(self) -> Iterator[dict[str, Any] | bool]:
        """All its rules."""
        rules = (self.relevant, self.constraint, self.calculation, self.required)
        yield from (rule for rule in rules if rule is not None)
        yield from (each.when for each in self.evidence if each.when is not None)
        yield from (each.relevant for each in self.choices if each.relevant is not None)
