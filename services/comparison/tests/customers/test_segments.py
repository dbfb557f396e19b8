"""RFM, cohorts, repeat rate and branches on small worlds that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.customers.cohorts import cohorts_of, month_of, repeat_rate
from incognita_comparison.customers.histories import Histories, histories_of, occasions_of
from incognita_comparison.customers.orders import NOWHERE, Orders
from incognita_comparison.customers.segments import GRID, NAMES, fifths, segments_of

NEW_YEAR = 20_089  # 1 January 2025
ROWS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 400), st.integers(-50_000, 500_000)), max_size=60
)


def orders_of(rows: list[tuple[int, int, int]]) -> Orders:
    """Rows of customer, day of 2025 from 0, ten-thousandths."""
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Orders(
        table[:, 0].astype(np.int32), (NEW_YEAR + table[:, 1]).astype(np.int32), table[:, 2],
        np.full(len(table), NOWHERE, np.int32), [f"c{n}" for n in range(20)], [],
    )  # fmt: skip


def month(day: int) -> int:
    return int(month_of(np.array([day]))[0])


def histories(orders: Orders, until: int = 400) -> Histories:
    return histories_of(orders, occasions_of(orders), NEW_YEAR + until)


def test_ten_different_customers_are_two_in_each_fifth() -> None:
    assert fifths(np.arange(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_level_customers_have_the_score_that_the_last_of_them_has_earned() -> None:
    assert fifths(np.array([1, 1, 1, 1, 1, 1, 2, 2, 3, 9])).tolist() == [1] * 6 + [4, 4, 5, 5]
    assert fifths(np.full(7, 3)).tolist() == [1] * 7


@given(st.lists(st.integers(0, 30), max_size=80))
def test_scores_follow_values_and_level_values_have_level_scores(values: list[int]) -> None:
    scores = fifths(np.array(values, np.int64))
    assert set(scores.tolist()) <= {1, 2, 3, 4, 5}
    for one, score in zip(values, scores, strict=True):
        for other, next_score in zip(values, scores, strict=True):
            assert score == next_score if one == other else (one < other) <= (score <= next_score)


def test_every_pair_of_scores_has_one_name() -> None:
    assert len(GRID) == 5
    assert all(len(row) == 5 for row in GRID)
    assert {name for row in GRID for name in row} == set(NAMES)


def test_who_bought_yesterday_for_the_first_time_is_new_and_who_stopped_is_missed() -> None:
    rows = [(n, 10 * n, 100) for n in range(10)]  # once each, the last one recently
    rows += [(10, day, 100) for day in range(5)] + [(11, 95 + day, 100) for day in range(5)]
    found = segments_of(histories(orders_of(rows), 100))
    assert found.name[9] == "new"
    assert found.name[10] == "cannot lose"
    assert found.name[11] == "champions"
    assert found.name[0] == "hibernating"


@given(ROWS, st.integers(1, 1000))
def test_the_currency_has_no_say_in_segments(rows: list[tuple[int, int, int]], rate: int) -> None:
    one = segments_of(histories(orders_of(rows)))
    other = segments_of(histories(orders_of([(who, day, rate * sum_) for who, day, sum_ in rows])))
    assert one.name.tolist() == other.name.tolist()
    assert one.money.tolist() == other.money.tolist()


@given(ROWS, st.randoms())
def test_the_order_of_rows_has_no_say(rows: list[tuple[int, int, int]], random: object) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = histories(orders_of(rows)), histories(orders_of(mixed))
    for name in ("code", "first", "second", "last", "occasions", "gross", "net"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    np.testing.assert_array_equal(one.repeat_value, other.repeat_value)


@given(ROWS)
def test_another_customer_changes_nothing_of_the_histories_of_the_others(
    rows: list[tuple[int, int, int]],
) -> None:
    one = histories(orders_of(rows))
    other = histories(orders_of([*rows, (15, 30, 1_000), (15, 60, 2_000)]))
    assert other.code.tolist() == [*one.code.tolist(), 15]
    assert other.net.tolist()[:-1] == one.net.tolist()
    assert (other.repeats[-1], other.repeat_value[-1]) == (1, 0.2)


@given(ROWS)
def test_cohorts_hold_every_customer_and_every_sum_once(rows: list[tuple[int, int, int]]) -> None:
    orders = orders_of(rows)
    own = histories(orders)
    found = cohorts_of(orders, occasions_of(orders), own)
    assert found.customers[found.month == 0].sum() == len(own)
    assert np.all(found.active[found.month == 0] == found.customers[found.month == 0])
    assert np.all(found.active <= found.customers)
    bought = {who for who, _, amount in rows if amount >= 0}
    begin = min(own.first.tolist(), default=0)
    expected = sum(
        amount
        for who, day, amount in rows
        if who in bought and month(NEW_YEAR + day) >= month(begin)
    )
    assert expected == found.revenue.sum() + _before_own_cohort(rows, own)


def _before_own_cohort(rows: list[tuple[int, int, int]], own: Histories) -> int:
    """Refunds from a month before the customer's first order have no place in its cohort."""
    first = dict(zip(own.code.tolist(), own.first.tolist(), strict=True))
    begin = month(min(first.values(), default=0))
    return sum(
        amount
        for who, day, amount in rows
        if who in first and begin <= month(NEW_YEAR + day) < month(first[who])
    )


def test_a_cohort_counts_by_hand() -> None:
    rows = [(0, 3, 50_000), (0, 40, 20_000), (0, 41, 10_000), (1, 20, 30_000), (2, 45, 70_000)]
    orders = orders_of([*rows, (1, 70, -10_000)])
    own = histories(orders, 70)
    found = cohorts_of(orders, occasions_of(orders), own)
    shown = list(
        zip(found.month.tolist(), found.customers.tolist(), found.active.tolist(),
            found.revenue.tolist(), found.complete.tolist(), strict=True)
    )  # fmt: skip
    assert shown == [
        (0, 2, 2, 80_000, True),
        (1, 2, 1, 30_000, True),
        (2, 2, 0, -10_000, False),
        (0, 1, 1, 70_000, True),
        (1, 1, 0, 0, False),
    ]


def test_the_repeat_rate_counts_days_and_only_customers_observed_long_enough() -> None:
    rows = [(0, 0, 1), (0, 0, 1), (1, 0, 1), (1, 20, 1), (2, 0, 1), (2, 60, 1), (3, 90, 1)]
    own = histories(orders_of(rows), 100)
    every, month = repeat_rate(own), repeat_rate(own, 30)
    assert every is not None
    assert month is not None
    assert every.value == pytest.approx(50)
    assert month.value == pytest.approx(100 / 3)
    assert repeat_rate(own, 200) is None
