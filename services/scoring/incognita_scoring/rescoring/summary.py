"""What a whole rescore would change, from its rows. Pure; the order of the rows is of no matter."""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from incognita_scoring.engine.rounding import rounded
from incognita_scoring.rescoring.changes import NO_POINTS, Change
from incognita_shared.values import Exact, Id, Value

MOST_EXTREMES = 10
MOST_QUESTIONS = 100
EDGES = tuple(Decimal(edge) for edge in (-20, -10, -5, -1, 0, 1, 5, 10, 20))
_DECIMALS = 4


class Bucket(Value):
    """How many scores move by more than ``above`` and at most ``up_to`` points.

    The bucket of scores that do not move has 0 for both.
    """

    above: Exact | None
    up_to: Exact | None
    reports: int


class Extreme(Value):
    """One of the reports that lose or gain most."""

    visit_id: Id
    branch_id: Id
    before: Exact
    after: Exact
    difference: Exact


class QuestionEffect(Value):
    """A question that is scored otherwise: in how many reports, and by how many points in all."""

    question_id: Id
    reports: int
    earned: Exact
    """Points earned more (or less) than before, over all reports."""
    possible: Exact


class Summary(Value):
    """What applying the rescore would do. Means are over reports that have both scores."""

    reports: int
    changed: int
    """Reports whose score, verdict or critical misses differ."""
    now_passed: int
    no_longer_passed: int
    newly_unscored: int
    newly_scored: int
    doubtful: int
    """Reports with answers that the new version does not know or misses, or can't be decided."""
    mean_before: Exact | None
    mean_after: Exact | None
    distribution: tuple[Bucket, ...]
    worst_losses: tuple[Extreme, ...]
    best_gains: tuple[Extreme, ...]
    questions: tuple[QuestionEffect, ...]
    """Those in which most reports changed first."""


@dataclass
class Tally:
    """Adds rows up, in memory that does not grow with their number."""

    counts: Counter[str] = field(default_factory=Counter)
    before: Fraction = Fraction(0)
    after: Fraction = Fraction(0)
    buckets: Counter[int] = field(default_factory=Counter)
    losses: list[tuple[Decimal, str, Extreme]] = field(default_factory=list)
    gains: list[tuple[Decimal, str, Extreme]] = field(default_factory=list)
    questions: Counter[str] = field(default_factory=Counter)
    earned: dict[str, Decimal] = field(default_factory=dict)
    possible: dict[str, Decimal] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Count one report."""
        before, after = change.before, change.after
        named = {
            "reports": True,
            "changed": change.changed,
            "now_passed": before.passed is False and after.passed is True,
            "no_longer_passed": before.passed is True and after.passed is False,
            "newly_unscored": before.score is not None and after.score is None,
            "newly_scored": before.score is None and after.score is not None,
            "doubtful": bool(change.doubts),
        }
        self.counts.update(name for name, holds in named.items() if holds)
        if before.score is not None and after.score is not None:
            self._compare(change, before.score, after.score)
        self._add_questions(change)

    def summary(self) -> Summary:
        """What was counted."""
        compared = sum(self.buckets.values())
        names = ("reports", "changed", "now_passed", "no_longer_passed", "newly_unscored",
                 "newly_scored", "doubtful")  # fmt: skip
        return Summary(
            **{name: self.counts[name] for name in names},
            mean_before=_mean(self.before, compared),
            mean_after=_mean(self.after, compared),
            distribution=tuple(self._distribution()),
            worst_losses=tuple(one for *_, one in sorted(self.losses, key=_first, reverse=True)),
            best_gains=tuple(one for *_, one in sorted(self.gains, key=_first, reverse=True)),
            questions=tuple(
                QuestionEffect(
                    question_id=name,
                    reports=reports,
                    earned=self.earned[name],
                    possible=self.possible[name],
                )
                for name, reports in sorted(
                    self.questions.items(), key=lambda item: (-item[1], item[0])
                )[:MOST_QUESTIONS]
            ),
        )

    def _compare(self, change: Change, before: Decimal, after: Decimal) -> None:
        difference = after - before
        self.before += Fraction(before)
        self.after += Fraction(after)
        self.buckets[bucket_of(difference)] += 1
        if not difference:
            return
        one = Extreme(
            visit_id=change.visit_id,
            branch_id=change.branch_id,
            before=before,
            after=after,
            difference=difference,
        )
        most = self.gains if difference > 0 else self.losses
        heapq.heappush(most, (abs(difference), change.visit_id, one))
        if len(most) > MOST_EXTREMES:
            heapq.heappop(most)

    def _add_questions(self, change: Change) -> None:
        self.questions.update({each.question_id for each in change.questions})
        for each in change.questions:
            before, after = each.before or NO_POINTS, each.after or NO_POINTS
            self._add(self.earned, each.question_id, after.earned - before.earned)
            self._add(self.possible, each.question_id, after.possible - before.possible)

    @staticmethod
    def _add(sums: dict[str, Decimal], question_id: str, points: Decimal) -> None:
        sums[question_id] = sums.get(question_id, Decimal(0)) + points

    def _distribution(self) -> Iterator[Bucket]:
        for number, (above, up_to) in enumerate(_BOUNDS):
            yield Bucket(above=above, up_to=up_to, reports=self.buckets[number])


def bucket_of(difference: Decimal) -> int:
    """The number of the bucket: losses, the one of no difference, gains."""
    for number, (above, up_to) in enumerate(_BOUNDS):
        if above == up_to:
            inside = difference == above
        else:
            low, high = above is None or difference > above, up_to is None or difference <= up_to
            inside = low and high and difference != 0
        if inside:
            return number
    raise ValueError(f"{difference} lies in no bucket")


def _bounds() -> Iterator[tuple[Decimal | None, Decimal | None]]:
    below: Decimal | None = None
    for edge in EDGES:
        yield below, edge
        if edge == 0:
            yield edge, edge
        below = edge
    yield below, None


_BOUNDS = tuple(_bounds())


def _first(entry: tuple[Decimal, str, Extreme]) -> tuple[Decimal, str]:
    return entry[:2]


def _mean(total: Fraction, count: int) -> Decimal | None:
    return rounded(total / count, _DECIMALS) if count else None
