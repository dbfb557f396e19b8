"""Shares and means of few visits, with intervals that hold at the ends of the scale."""

from dataclasses import dataclass
from math import sqrt

from incognita_comparison.rules import SCALE, UNITS_PER_POINT
from incognita_comparison.standings.table import QUANTILE, clamp

# As if 3 more scores had been seen, 25 points from the mean: a section has few questions, so its
# score of one visit jumps.
PRIOR_DEGREES = 3
PRIOR_DEVIATION = 25.0


@dataclass(frozen=True, slots=True)
class Share:
    """A figure from 0 to 100 with its interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int, *, quantile: float = QUANTILE) -> Share | None:
    """The share of ``hits`` in per cent with its score interval; None for no observation.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22,
    1927, 209-212: never outside of the scale, and not empty at 0 or 100 per cent.
    """
    if of == 0:
        return None
    z2 = quantile**2
    p = hits / of
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = quantile * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    # at the ends the formula gives the end itself, up to rounding
    return Share(SCALE * p, SCALE * min(low, p), SCALE * max(high, p))


def mean_share(count: int, total: int, squares: int) -> Share | None:
    """The mean of ``count`` scores, in points, with its normal interval; None for no score.

    ``total`` and ``squares`` are exact sums in ten-thousandths of a point. The variance of single
    scores is as seen, together with the prior, so that equal scores don't claim certainty.
    """
    if count == 0:
        return None
    mean = total / count / UNITS_PER_POINT
    seen = (count * squares - total * total) / count / UNITS_PER_POINT**2
    prior = PRIOR_DEGREES * PRIOR_DEVIATION**2
    half = QUANTILE * sqrt((seen + prior) / (count - 1 + PRIOR_DEGREES) / count)
    return Share(mean, clamp(mean - half), clamp(mean + half))
