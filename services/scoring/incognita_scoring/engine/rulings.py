"""What a decided appeal says of one question, whatever was answered."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RulingKind(StrEnum):
    """``full_points``: as if all its points were earned. ``does_not_count``: 0 of 0 points."""

    FULL_POINTS = "full_points"
    DOES_NOT_COUNT = "does_not_count"


Rulings = Mapping[tuple[str, int | None], RulingKind]
"""(question id, repetition from 0 or None) → what was ruled."""

NO_RULINGS: Rulings = MappingProxyType({})
