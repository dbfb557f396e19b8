"""How two versions of a questionnaire differ, over HTTP."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from incognita_shared.values import Id


class ChangeKind(StrEnum):
    """``moved``: to another section, or elsewhere among its neighbours (places from 0)."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


class Change(BaseModel):
    """One difference; ``path`` names sections, questions and choices by their ids."""

    path: Annotated[str, Field(examples=["sections[phone].questions[greeted].scoring.points"])]
    kind: ChangeKind
    before: Any
    after: Any
    affects_score: bool


class Differences(BaseModel):
    """What the version has that ``compared_with`` had not, and the other way round.

    ``affects_score``: whether the same answers may score differently.
    """

    questionnaire_id: Id
    version: int
    compared_with: int
    affects_score: bool
    changes: list[Change]
