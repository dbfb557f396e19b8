"""Sums of scores, reckoned anew: what comparison must have added up for a branch in a wave.

A branch and wave has hundreds of sums (one for each question and outcome). Instead of keeping all
of all of them, each visit's share is folded into one number, linear in every sum: the shares' total
equals the folded sums, or a sum is wrong (two errors cancel out once in 2**40).
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

UNITS_PER_POINT = 10_000
PRIME = 2**40 - 87
"""So that eight million shares still fit SQLite's 64 bits."""


class Sums(NamedTuple):
    """Of the scores that count, in ten-thousandths of a point; ``folded``: sections, questions."""

    approved: int = 0
    n: int = 0
    total: int = 0
    squares: int = 0
    folded: int = 0

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(
            self.approved + other.approved,
            self.n + other.n,
            self.total + other.total,
            self.squares + other.squares,
            (self.folded + other.folded) % PRIME,
        )


def sums_of_revision(revision: Mapping[str, Any]) -> Sums:
    """The share of one approved score, from scoring's own document."""
    score = _units(revision["score"])
    folded = 0
    rivals = {
        section["section_id"]
        for section in revision["sections"]
        if section.get("subject") == "competitor"  # it counts for nobody's branch
    }
    for section in revision["sections"]:
        if section["section_id"] not in rivals:
            folded += _section(section)
    for question in revision["questions"]:
        if question.get("section_id") in rivals:
            continue
        path = f"questions.{question['question_id']}"
        folded += _weight(f"{path}.{question['outcome']}")
        folded += (_units(question["earned"]) or 0) * _weight(f"{path}.earned")
        folded += (_units(question["possible"]) or 0) * _weight(f"{path}.possible")
    if score is None:
        return Sums(1, 0, 0, 0, folded % PRIME)
    return Sums(1, 1, score, score * score, folded % PRIME)


def sums_of_branch_wave(document: Mapping[str, Any]) -> Sums:
    """What comparison keeps, folded alike."""
    folded = 0
    for group in ("sections", "questions"):
        for name, sums in document.get(group, {}).items():
            path = f"{group}.{name.replace('%2E', '.')}"
            folded += sum(number * _weight(f"{path}.{what}") for what, number in sums.items())
    approved, n, total, squares = (
        int(document.get(name, 0)) for name in ("approved", "n", "sum", "squares")
    )
    return Sums(approved, n, total, squares, folded % PRIME)


def _section(section: Mapping[str, Any]) -> int:
    path = f"sections.{section['section_id']}"
    earned, possible = _units(section["earned"]) or 0, _units(section["possible"]) or 0
    score = _units(section["score"])
    folded = earned * _weight(f"{path}.earned") + possible * _weight(f"{path}.possible")
    if score is None:
        return folded + _weight(f"{path}.not_applicable")
    folded += _weight(f"{path}.n") + score * _weight(f"{path}.sum")
    folded += score * score * _weight(f"{path}.squares")
    folded += int(earned >= possible) * _weight(f"{path}.full")
    return folded + int(earned <= 0 < possible) * _weight(f"{path}.none")


@lru_cache(maxsize=100_000)
def _weight(path: str) -> int:
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest()) % PRIME


def _units(points: str | None) -> int | None:
    if points is None:
        return None
    units = Decimal(points) * UNITS_PER_POINT
    return int(units.to_integral_value(ROUND_HALF_EVEN))
