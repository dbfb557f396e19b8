"""Exact scores, rounded once, at the end.

Scores are reckoned as fractions, so neither the order of questions nor the number of digits on the
way can change them. They are rounded half up ("Rule B" of ISO 80000-1:2009, B.3; what ROUND does in
spreadsheets by OpenFormula 1.2, 6.17.5), so that a branch which checks its score by hand or in a
spreadsheet finds the same number. Half to even would spread its errors better over long sums, but
a score is rounded once and nothing is summed from rounded scores here.
"""

from decimal import Decimal
from fractions import Fraction

HUNDRED = Fraction(100)


def percentage(earned: Decimal, possible: Decimal) -> Fraction:
    """``earned`` of ``possible`` (above 0) as 0 to 100; penalties and bonuses end at the bounds."""
    return min(max(HUNDRED * Fraction(earned) / Fraction(possible), Fraction(0)), HUNDRED)


def rounded(score: Fraction, decimals: int) -> Decimal:
    """A score of at least 0, rounded half up to so many decimals."""
    scale = 10**decimals
    units = (2 * score.numerator * scale + score.denominator) // (2 * score.denominator)
    return Decimal(units).scaleb(-decimals)


def shown(number: Decimal) -> str:
    """A number for a sentence: no trailing zeros, no exponent."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
