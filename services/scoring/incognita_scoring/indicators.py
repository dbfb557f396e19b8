"""NPS and CSI of many reports, exact and the same in any order. Pure.

NPS (net promoter score): of ratings from 0 to 10, the share of 9 and 10 minus the share of 0 to 6,
in points from -100 to 100. F. F. Reichheld, "The One Number You Need to Grow", Harvard Business
Review, December 2003.

CSI (customer satisfaction index): the mean rating of each question, brought to 0 to 100 between the
ends of its scale, then the mean of the questions by their importance. It is the formula of the
American Customer Satisfaction Index, ``sum(w · (mean - 1)) / (9 · sum(w)) · 100`` for ratings from
1 to 10, for any scale: C. Fornell and others, "The American Customer Satisfaction Index: Nature,
Purpose, and Findings", Journal of Marketing 60(4), 1996, pages 7 to 18. There the weights are
estimated; here they are the importance that the questionnaire's author gives.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from incognita_scoring.engine.ratings import Rating
from incognita_scoring.engine.rounding import rounded
from incognita_shared.questionnaire.model import Indicator
from incognita_shared.values import Exact, Value

PROMOTERS_FROM = 9
DETRACTORS_UP_TO = 6
DECIMALS = 2


class Counted(NamedTuple):
    """So many reports gave this rating."""

    rating: Rating
    times: int


class Nps(Value):
    """The net promoter score, -100 to 100 with two decimals, or None without a rating."""

    value: Exact | None
    ratings: int
    promoters: int
    passives: int
    detractors: int


class CsiQuestion(Value):
    """One question of the index: ``value`` is its mean rating from 0 to 100."""

    question_id: str
    ratings: int
    value: Exact
    importance: Exact


class Csi(Value):
    """The customer satisfaction index, 0 to 100, or None where nothing of importance was rated."""

    value: Exact | None
    ratings: int
    questions: tuple[CsiQuestion, ...]


def nps(counted: Iterable[Counted]) -> Nps:
    """The net promoter score of the ratings that are for it."""
    values = Counter[int]()
    for rating, times in counted:
        if rating.indicator is Indicator.NPS:
            values[rating.value] += times
    total = values.total()
    promoters = sum(count for value, count in values.items() if value >= PROMOTERS_FROM)
    detractors = sum(count for value, count in values.items() if value <= DETRACTORS_UP_TO)
    return Nps(
        value=_signed(Fraction(100 * (promoters - detractors), total)) if total else None,
        ratings=total,
        promoters=promoters,
        passives=total - promoters - detractors,
        detractors=detractors,
    )


def csi(counted: Iterable[Counted]) -> Csi:
    """The satisfaction index of the ratings that are for it.

    A question that has another importance or scale in another version counts by the mean of them.
    """
    by_question: dict[str, list[Counted]] = defaultdict(list)
    for one in counted:
        if one.rating.indicator is Indicator.CSI and one.rating.maximum > one.rating.minimum:
            by_question[one.rating.question_id].append(one)
    questions = [_question(name, by_question[name]) for name in sorted(by_question)]
    weights = sum((importance for *_, importance in questions), Fraction(0))
    total = sum((value * importance for _, _, value, importance in questions), Fraction(0))
    return Csi(
        value=rounded(total / weights, DECIMALS) if weights else None,
        ratings=sum(ratings for _, ratings, _, _ in questions),
        questions=tuple(
            CsiQuestion(
                question_id=name,
                ratings=ratings,
                value=rounded(value, DECIMALS),
                importance=rounded(importance, 4).normalize(),
            )
            for name, ratings, value, importance in questions
        ),
    )


def _question(name: str, counted: Iterable[Counted]) -> tuple[str, int, Fraction, Fraction]:
    """Name, ratings, mean from 0 to 100, importance."""
    ratings, total, importance = 0, Fraction(0), Fraction(0)
    for rating, times in counted:
        share = Fraction(rating.value - rating.minimum, rating.maximum - rating.minimum)
        ratings += times
        total += 100 * times * share
        importance += times * Fraction(rating.importance)
    return name, ratings, total / ratings, importance / ratings


def _signed(value: Fraction) -> Decimal:
    size = rounded(abs(value), DECIMALS)
    return -size if value < 0 and size else size
