"""NPS and CSI of interviews, by phone or by link, with intervals and response rates.

The definitions are those by which scoring reckons the indicators of reports: NPS is the share of 9
and 10 minus the share of 0 to 6, in points (F. F. Reichheld, "The One Number You Need to Grow",
Harvard Business Review, December 2003); CSI is the mean rating of each question, brought to 0 to
100, averaged by importance (C. Fornell and others, Journal of Marketing 60(4), 1996).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t as students_t

from incognita_comparison.customers.orders import Floats, Whole
from incognita_comparison.proportions import Share, wilson

QUANTILE = 1.6448536269514722
COVERAGE = 0.90
POINTS = 100.0
HIGHEST = 10
PROMOTERS_FROM = 9
DETRACTORS_UP_TO = 6
ADDED, ADDED_AT_ENDS = 3.0, 0.75
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Nps:
    """Points from -100 to 100, with two intervals of 90 %.

    ``low``, ``high``: the adjusted one, which holds for few answers too. ``wald_low``,
    ``wald_high``: the normal one, without width where all answers are of one kind.
    """

    value: float
    low: float
    high: float
    wald_low: float
    wald_high: float
    ratings: int
    promoters: int
    detractors: int


def nps_of(ratings: Whole) -> Nps | None:
    """Of ratings from 0 to 10; None without any. Raises ValueError for others.

    The variance is that of a difference of two shares, ``p + d - (p - d)^2`` over n. B. Rocks,
    "Interval Estimation for the Net Promoter Score", The American Statistician 70(4), 2016, finds
    it too narrow for few answers, and the adjusted one, with three answers added of which 3/4 are
    promoters and 3/4 detractors, about right.
    """
    if not len(ratings):
        return None
    if ratings.min() < 0 or ratings.max() > HIGHEST:
        raise ValueError("a rating is outside 0 to 10")
    count = len(ratings)
    promoters = int((ratings >= PROMOTERS_FROM).sum())
    detractors = int((ratings <= DETRACTORS_UP_TO).sum())
    value = (promoters - detractors) / count
    wald = _half(promoters, detractors, count)
    middle = (promoters - detractors) / (count + ADDED)
    half = _half(promoters + ADDED_AT_ENDS, detractors + ADDED_AT_ENDS, count + ADDED)
    return Nps(
        POINTS * value,
        *_bounded(middle, half),
        *_bounded(value, wald),
        count,
        promoters,
        detractors,
    )  # fmt: skip


def _half(promoters: float, detractors: float, count: float) -> float:
    up, down = promoters / count, detractors / count
    return QUANTILE * sqrt(max(up + down - (up - down) ** 2, 0.0) / count)


def _bounded(middle: float, half: float) -> tuple[float, float]:
    return POINTS * max(middle - half, -1.0), POINTS * min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the index: the ends of its scale, and how much it counts."""

    importance: float = 1.0
    lowest: float = 1.0
    highest: float = 10.0


@dataclass(frozen=True, slots=True)
class Csi:
    """The index from 0 to 100 with its 90 % interval, nan for fewer than two respondents.

    ``questions``: the mean of each from 0 to 100.
    """

    value: float
    low: float
    high: float
    respondents: int
    questions: dict[str, float]


def csi_of(answers: Mapping[str, Floats], questions: Mapping[str, Question]) -> Csi | None:
    """``answers``: one column a question and one row a respondent, nan where not answered.

    None where nothing of importance was answered. The interval takes a respondent's answers as
    going together: its variance is that of what each respondent adds to the weighted mean (Taylor
    linearisation: W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, 6.3), Student's t on the
    number of respondents less one.
    """
    rated = {
        name: POINTS * (np.asarray(column) - question.lowest)
        / (question.highest - question.lowest)
        for name, question in questions.items()
        if question.importance > 0 and np.isfinite(column := answers[name]).any()
    }  # fmt: skip
    if not rated:
        return None
    weights = {name: questions[name].importance for name in rated}
    whole = sum(weights.values())
    means = {name: float(np.nanmean(column)) for name, column in rated.items()}
    value = sum(weights[name] * means[name] for name in rated) / whole
    there = np.any([np.isfinite(column) for column in rated.values()], axis=0)
    respondents = int(there.sum())
    if respondents < FEWEST:
        return Csi(value, np.nan, np.nan, respondents, means)
    adds = sum(
        weights[name] / whole * np.nan_to_num(column - means[name]) / np.isfinite(column).sum()
        for name, column in rated.items()
    )
    error = sqrt(respondents / (respondents - 1) * float(np.square(adds).sum()))
    half = float(students_t.ppf((1 + COVERAGE) / 2, respondents - 1)) * error
    return Csi(value, max(value - half, 0.0), min(value + half, POINTS), respondents, means)


@dataclass(frozen=True, slots=True)
class Response:
    """How many were asked by a channel, how many answered, and the rate in per cent."""

    channel: str
    asked: int
    answered: int
    rate: Share


def responses_of(channels: Sequence[str], answered: Sequence[bool]) -> list[Response]:
    """By channel in order of name, with Wilson's 90 % interval.

    The rate is RR1 of the American Association for Public Opinion Research, "Standard Definitions":
    complete answers over all who were asked, whoever could not be reached among them.
    """
    counts: dict[str, list[int]] = {}
    for channel, done in zip(channels, answered, strict=True):
        count = counts.setdefault(channel, [0, 0])
        count[0] += 1
        count[1] += bool(done)
    found = []
    for channel, (asked, complete) in sorted(counts.items()):
        if rate := wilson(complete, asked):
            found.append(Response(channel, asked, complete, rate))
    return found
