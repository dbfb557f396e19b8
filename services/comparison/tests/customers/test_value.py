"""Value and its roll-up by branch."""

import numpy as np
import pytest

from incognita_comparison.customers.branches import branches_of
from incognita_comparison.customers.histories import Histories, histories_of, occasions_of
from incognita_comparison.customers.orders import NOWHERE, Orders
from incognita_comparison.customers.value import Horizon, Value, value_of

END = 20_500
A_YEAR = Horizon(52, 0.0)


def orders_of(customers: int = 300, rate: int = 1, refund: int = 0) -> Orders:
    """Customers of three branches; ``refund``: ten-thousandths given back to each."""
    random = np.random.default_rng(7)
    rows: list[tuple[int, int, int, int]] = []
    for customer in range(customers):
        day, spends = float(random.integers(END - 360, END - 100)), random.gamma(4, 50_000)
        pause = random.gamma(2, 20)
        while day < END:
            rows.append((customer, int(day), int(random.gamma(6, spends / 6)), customer % 3))
            if random.random() < 0.15:
                break
            day += 1 + random.exponential(pause)
        if refund:
            rows.append((customer, END, -refund, customer % 3))
    table = np.array(rows, np.int64)
    return Orders(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2] * rate,
        table[:, 3].astype(np.int32), [f"c{n:03}" for n in range(customers)], ["a", "b", "c"],
    )  # fmt: skip


def histories(orders: Orders) -> Histories:
    return histories_of(orders, occasions_of(orders), END)


def valued(orders: Orders, horizon: Horizon = A_YEAR) -> Value:
    return value_of(histories(orders), horizon)


def test_value_is_in_the_currency_of_the_file_and_orders_are_not() -> None:
    one, other = valued(orders_of()), valued(orders_of(rate=100))
    assert other.value == pytest.approx(100 * one.value, rel=1e-3)
    assert other.orders == pytest.approx(one.orders, rel=1e-6)


def test_without_discount_value_is_orders_times_spending_times_the_margin() -> None:
    found = valued(orders_of(), Horizon(52, 0.0, 0.3))
    assert found.value == pytest.approx(0.3 * found.orders * found.spending_each)


def test_a_discount_lowers_value_by_less_than_its_whole() -> None:
    plain, discounted = valued(orders_of()), valued(orders_of(), Horizon(52, 0.2))
    ratio = discounted.value / plain.value
    assert np.all((ratio > 1 / 1.2) & (ratio < 1))


def test_refunds_lower_value_by_their_share() -> None:
    plain, refunded = orders_of(), orders_of(refund=20_000)
    share = refunded.amount.sum() / plain.amount.sum()
    assert share < 0.99
    assert valued(refunded).value == pytest.approx(share * valued(plain).value, rel=1e-9)


def test_a_longer_look_ahead_holds_more_orders() -> None:
    short, long = valued(orders_of(), Horizon(8)), valued(orders_of(), Horizon(80))
    assert np.all(short.orders < long.orders)
    assert np.all(short.orders_high <= long.orders_high)


def test_the_total_is_less_sure_than_the_orders_of_independent_customers_alone() -> None:
    total = valued(orders_of()).total_orders
    assert total.low < total.value < total.high
    assert (total.high - total.low) / 2 > 1.64 * np.sqrt(total.value)


def test_branches_hold_every_order_and_every_home_customer_once() -> None:
    orders = orders_of()
    own = histories(orders)
    value = valued(orders)
    found = branches_of(orders, own, value)
    assert found.branch == ["a", "b", "c"]
    assert found.orders.sum() == len(orders)
    assert found.home.sum() == len(own) == 300
    assert found.revenue.sum() == pytest.approx(orders.amount.sum() / 10_000)
    assert found.expected_orders.sum() == pytest.approx(value.orders.sum())


def test_home_is_where_one_buys_most_then_where_one_bought_last() -> None:
    rows = [(0, 1, 1), (0, 2, 0), (0, 3, 0), (1, 1, 0), (1, 9, 1), (2, 5, NOWHERE)]
    table = np.array(rows, np.int64)
    orders = Orders(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.int32),
        np.full(len(rows), 10_000, np.int64), table[:, 2].astype(np.int32),
        ["x", "y", "z"], ["a", "b", "c"],
    )  # fmt: skip
    own = histories_of(orders, occasions_of(orders), 10)
    found = branches_of(orders, own, value_of(own, Horizon()))
    assert found.home.tolist() == [1, 1, 0]
    assert found.customers.tolist() == [2, 2, 0]
    assert found.orders.tolist() == [3, 2, 0]
    assert np.isnan(found.repeat_rate[2])
    assert np.isnan(found.value).all()
