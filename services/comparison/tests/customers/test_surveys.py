"""NPS and CSI with intervals that cover, and response rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.customers.surveys import Question, csi_of, nps_of, responses_of


def test_nps_is_promoters_less_detractors() -> None:
    found = nps_of(np.array([10, 9, 8, 7, 6, 0, 10, 9, 9, 3]))
    assert found is not None
    assert (found.value, found.promoters, found.detractors) == (20.0, 5, 3)
    assert found.low < found.value < found.high
    assert nps_of(np.zeros(0, np.int64)) is None


def test_the_adjusted_interval_adds_three_answers_and_the_normal_one_none() -> None:
    """By hand: n 20, 12 promoters, 4 detractors; z 1.6449."""
    found = nps_of(np.array([9] * 12 + [7] * 4 + [2] * 4))
    assert found is not None
    assert (found.wald_low, found.wald_high) == pytest.approx((10.575, 69.425), abs=0.01)
    assert (found.low, found.high) == pytest.approx((7.347, 62.218), abs=0.01)


def test_answers_of_one_kind_claim_no_certainty() -> None:
    found = nps_of(np.full(5, 10))
    assert found is not None
    assert (found.wald_low, found.wald_high) == (100, 100)
    assert found.low < 75


def test_the_adjusted_interval_holds_the_truth_nine_times_in_ten_with_few_answers() -> None:
    random = np.random.default_rng(1)
    rates, held, held_by_wald = 2000, 0, 0
    for _ in range(rates):
        found = nps_of(random.choice([10, 8, 3], 20, p=[0.7, 0.2, 0.1]))
        assert found is not None
        held += found.low <= 60 <= found.high
        held_by_wald += found.wald_low <= 60 <= found.wald_high
    assert 0.88 < held / rates < 0.95
    assert held_by_wald < held


def test_a_rating_off_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 10"):
        nps_of(np.array([11]))


def test_csi_is_the_mean_by_importance_between_the_ends_of_the_scales() -> None:
    found = csi_of(
        {"taste": np.array([10.0, 10.0]), "speed": np.array([1.0, np.nan])},
        {"taste": Question(3), "speed": Question(1, 1, 5)},
    )
    assert found is not None
    assert found.value == pytest.approx(75)
    assert found.questions == {"taste": 100, "speed": 0}
    assert csi_of({"taste": np.array([np.nan])}, {"taste": Question()}) is None


def test_csi_intervals_hold_the_truth_nine_times_in_ten() -> None:
    random = np.random.default_rng(2)
    held, worlds = 0, 1500
    for _ in range(worlds):
        mood = random.normal(0, 1, 25)  # a respondent's answers go together
        one, other = (np.clip(np.rint(6 + mood + random.normal(0, 1, 25)), 1, 10) for _ in "ab")
        other[random.random(25) < 0.3] = np.nan
        found = csi_of({"a": one, "b": other}, {"a": Question(2), "b": Question(1)})
        assert found is not None
        held += found.low <= 100 * 5 / 9 <= found.high
    assert 0.87 < held / worlds < 0.93


def test_one_respondent_has_an_index_and_no_interval() -> None:
    found = csi_of({"a": np.array([5.5])}, {"a": Question()})
    assert found is not None
    assert found.value == 50
    assert np.isnan(found.low)


@given(st.lists(st.integers(0, 10), min_size=1), st.randoms())
def test_the_order_of_answers_has_no_say(ratings: list[int], random: object) -> None:
    mixed = list(ratings)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert nps_of(np.array(ratings)) == nps_of(np.array(mixed))


def test_response_rates_are_by_channel_with_who_was_not_reached_counted() -> None:
    found = responses_of(["phone", "link", "phone", "phone"], [True, False, False, True])
    assert [(one.channel, one.asked, one.answered) for one in found] == [
        ("link", 1, 0),
        ("phone", 3, 2),
    ]
    assert found[1].rate.low < 200 / 3 < found[1].rate.high
