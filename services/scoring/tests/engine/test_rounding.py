from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_scoring.engine.rounding import percentage, rounded, shown


@pytest.mark.parametrize(
    ("score", "decimals", "expected"),
    [
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(7, 2), 0, "4"),
        (Fraction(200, 3), 2, "66.67"),
        (Fraction(79995, 1000), 2, "80.00"),
        (Fraction(100), 4, "100.0000"),
        (Fraction(0), 0, "0"),
    ],
)
def test_a_tie_is_rounded_up(score, decimals, expected):
    assert str(rounded(score, decimals)) == expected


@given(st.decimals(0, 100, places=6), st.integers(0, 4))
def test_rounding_is_that_of_the_decimal_module(score, decimals):
    quantum = Decimal(1).scaleb(-decimals)
    assert rounded(Fraction(score), decimals) == score.quantize(quantum, ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("earned", "possible", "expected"), [("-3", "5", 0), ("6", "5", 100), ("1", "4", 25)]
)
def test_a_percentage_ends_at_its_bounds(earned, possible, expected):
    assert percentage(Decimal(earned), Decimal(possible)) == expected


def test_numbers_are_shown_without_trailing_zeros_or_exponents():
    shown_numbers = [shown(Decimal(text)) for text in ("1E+3", "2.500", "10", "0.000", "-2.0")]
    assert shown_numbers == ["1000", "2.5", "10", "0", "-2"]
