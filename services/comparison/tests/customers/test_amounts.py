"""Amounts as people of several countries write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.customers.amounts import Mark, mark_of, units_of
from incognita_comparison.offline.cells import BadCell


@pytest.mark.parametrize(
    ("text", "mark", "units"),
    [
        ("12.5", Mark.POINT, 125_000),
        ("12,5", Mark.COMMA, 125_000),
        ("1.234,50 ₺", Mark.COMMA, 12_345_000),
        ("1,234.50", Mark.POINT, 12_345_000),
        ("1 234,50 руб.", Mark.COMMA, 12_345_000),
        ("1\N{NO-BREAK SPACE}234,5", Mark.EITHER, 12_345_000),
        ("\N{MINUS SIGN}7,25", Mark.EITHER, -72_500),
        ("(7.25)", Mark.EITHER, -72_500),
        ("1e3", Mark.POINT, 10_000_000),
        ("1.234", Mark.COMMA, 12_340_000),
        ("1.234", Mark.POINT, 12_340),
        ("1,234", Mark.POINT, 12_340_000),
        ("0", Mark.EITHER, 0),
    ],
)
def test_an_amount_is_read_exactly(text: str, mark: Mark, units: int) -> None:
    assert units_of(text, mark) == units


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "12,34,5.6.7", "1e30", "1-2", "--5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        units_of(text, Mark.EITHER)


def test_a_comma_before_three_digits_is_refused_where_nothing_says_what_it_is() -> None:
    with pytest.raises(BadCell, match="--decimal"):
        units_of("1,234", Mark.EITHER)


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.234", "5,50"], Mark.COMMA),
        (["1,234", "5.50"], Mark.POINT),
        (["1.234,5"], Mark.COMMA),
        (["1.234", "1,234", "7"], Mark.EITHER),
        (["1.5", "1,5"], Mark.EITHER),
        ([], Mark.EITHER),
    ],
)
def test_the_mark_of_a_column_is_that_of_its_clear_cells(texts: list[str], mark: Mark) -> None:
    assert mark_of(texts) is mark


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([Mark.POINT, Mark.COMMA]))
def test_what_is_written_with_a_mark_is_read_with_it(value: Decimal, mark: Mark) -> None:
    text = f"{value:,.2f}"
    if mark is Mark.COMMA:
        text = text.translate(str.maketrans(",.", ".,"))
    assert units_of(text, mark) == int(value * 10_000)
