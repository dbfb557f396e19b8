"""Intervals of shares and means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.proportions import mean_share, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # 95 % score intervals published by R. G. Newcombe, Statistics in Medicine 17, 1998, table I
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_wilson_intervals_are_the_published_ones(
    hits: int, of: int, low: float, high: float
) -> None:
    share = wilson(hits, of, quantile=1.959964)
    assert share is not None
    assert share.low == pytest.approx(low, abs=0.005)
    assert share.high == pytest.approx(high, abs=0.005)


def test_no_observation_has_no_share() -> None:
    assert wilson(0, 0) is None
    assert mean_share(0, 0, 0) is None


@given(st.integers(1, 10_000), st.data())
def test_a_share_lies_in_its_interval_and_on_the_scale(of: int, data: st.DataObject) -> None:
    share = wilson(data.draw(st.integers(0, of)), of)
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 100
    assert share.high > share.low


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=50))
def test_a_mean_is_never_certain_and_stays_on_the_scale(scores: list[int]) -> None:
    share = mean_share(len(scores), sum(scores), sum(score * score for score in scores))
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 100
    assert share.high > share.low
