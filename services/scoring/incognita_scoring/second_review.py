"""When an approval needs a second reviewer: the chain's rule, or the programme's own. Pure."""

from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from incognita_scoring.score import Score
from incognita_shared.events.evidence import Severity
from incognita_shared.values import Exact, Value


class SecondGround(StrEnum):
    """Why a second reviewer is asked."""

    MAJOR_FINDING = "major_finding"
    CRITICAL_MISS = "critical_miss"
    CORRECTION = "correction"
    SAMPLE = "sample"


class SecondReview(Value):
    """Which approvals need another key's word. By default none does.

    ``correction_points``: where a reviewer's corrections moved the score by more than this.
    ``sample_percent``: of all others, chosen by the visit's id, so that nobody can foresee or
    steer it and a repeated request meets the same choice.
    """

    major_finding: bool = False
    critical_miss: bool = False
    correction_points: Annotated[Exact, Field(ge=0, le=100)] | None = None
    sample_percent: Annotated[int, Field(ge=0, le=100)] = 0

    def grounds(self, score: Score) -> tuple[SecondGround, ...]:
        """Why this report needs a second approval; empty where one is enough."""
        severities = {each.severity for each in score.findings}
        said = {
            SecondGround.MAJOR_FINDING: self.major_finding and Severity.MAJOR in severities,
            SecondGround.CRITICAL_MISS: self.critical_miss and bool(score.critical_failed),
            SecondGround.CORRECTION: self.correction_points is not None
            and score.corrected_points > self.correction_points,
        }
        found = tuple(ground for ground, holds in said.items() if holds)
        if not found and _percentile(score) < self.sample_percent:
            return (SecondGround.SAMPLE,)
        return found


def moved(before: Decimal | None, after: Decimal | None) -> Decimal:
    """By how many points a score moved; from or to none counts as all of them."""
    if before is None or after is None:
        return Decimal(0) if before is after else Decimal(100)
    return abs(after - before)


def _percentile(score: Score) -> int:
    drawn = sha256(f"{score.visit_id}:{score.report_revision}".encode()).digest()
    return int.from_bytes(drawn[:4]) % 100
