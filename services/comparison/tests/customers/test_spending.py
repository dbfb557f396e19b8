"""Gamma-Gamma against published figures and its own integral, and where there is too little."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from incognita_comparison.customers.orders import Floats
from incognita_comparison.customers.spending import Spending, fit_spending, log_likelihood

CDNOW = Spending(6.25, 3.74, 15.44, np.nan, np.nan)
"""Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013)."""


def customers(seed: int, size: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    repeats = random.geometric(0.3, size).astype(float)
    rate = random.gamma(CDNOW.q, 1 / CDNOW.gamma, size)
    return repeats, random.gamma(CDNOW.p * repeats, 1 / (rate * repeats))


def test_the_mean_of_all_customers_of_cdnow() -> None:
    """``p gamma / (q - 1)`` of the published parameters."""
    assert CDNOW.mean == pytest.approx(35.22, abs=0.005)
    assert CDNOW.expected(np.array([0.0]), np.array([np.nan]))[0] == pytest.approx(CDNOW.mean)


def test_a_customer_lies_between_its_own_mean_and_that_of_all() -> None:
    few, many = CDNOW.expected(np.array([1.0, 50.0]), np.array([100.0, 100.0]))
    assert CDNOW.mean < few < many < 100
    # the note's weights: (q - 1) / (p x + q - 1) for all, the rest for the customer
    weight = (CDNOW.q - 1) / (CDNOW.p + CDNOW.q - 1)
    assert few == pytest.approx(weight * CDNOW.mean + (1 - weight) * 100)


def test_the_likelihood_is_the_integral_over_all_rates() -> None:
    p, q, rate_of_rates, x, z = 2.5, 3.0, 7.0, 4.0, 9.0

    def density(rate: float) -> float:
        own = gamma.pdf(z, p * x, scale=1 / (rate * x))
        return float(own * gamma.pdf(rate, q, scale=1 / rate_of_rates))

    whole, _ = quad(density, 0, 20)
    value, _ = log_likelihood(np.log([p, q, rate_of_rates]), np.array([x]), np.array([z]))
    assert value == pytest.approx(np.log(whole), abs=1e-8)


@given(st.tuples(*[st.floats(0.1, 30)] * 3), st.integers(1, 300), st.floats(0.01, 1e5))
def test_the_gradient_is_that_of_the_likelihood(
    numbers: tuple[float, ...], repeats: int, value: float
) -> None:
    log, x, z = np.log(numbers), np.array([float(repeats)]), np.array([value])
    _, slope = log_likelihood(log, x, z)
    for place in range(3):
        step = np.eye(3)[place] * 1e-5
        rise = log_likelihood(log + step, x, z)[0] - log_likelihood(log - step, x, z)[0]
        assert slope[place] == pytest.approx(rise / 2e-5, rel=1e-3, abs=1e-3)


def test_true_parameters_are_found_within_their_standard_errors() -> None:
    fit = fit_spending(*customers(1, 8000))
    truth = np.array([CDNOW.p, CDNOW.q, CDNOW.gamma])
    assert np.all(np.abs(np.array([fit.p, fit.q, fit.gamma]) - truth) < 3 * fit.standard_errors)
    assert abs(fit.correlation) < 0.1


@settings(deadline=None, max_examples=6)
@given(st.floats(0.001, 1000))
def test_the_currency_scales_gamma_alone(rate: float) -> None:
    repeats, value = customers(2, 400)
    one, other = fit_spending(repeats, value), fit_spending(repeats, value * rate)
    assert other.gamma == pytest.approx(one.gamma * rate, rel=1e-4)
    assert (other.p, other.q) == pytest.approx((one.p, one.q), rel=1e-4)


def test_spending_without_a_mean_is_said() -> None:
    random = np.random.default_rng(0)
    fit = fit_spending(np.ones(500), np.exp(random.normal(0, 3, 500)))
    assert fit.q < 1
    assert fit.not_enough == "no_mean"


def test_customers_who_spend_alike_have_the_mean_of_all() -> None:
    random = np.random.default_rng(0)
    repeats = random.geometric(0.3, 500).astype(float)
    fit = fit_spending(repeats, random.gamma(4 * repeats, 10 / repeats))
    assert fit.maximum is not None
    assert not fit.maximum.free.all()
    few, many = fit.expected(np.array([0.0, 9.0]), np.array([np.nan, 80.0]))
    assert few == pytest.approx(many, rel=0.01)
    assert fit.p == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize(
    ("repeats", "value", "cause"),
    [
        ([0.0] * 30, [np.nan] * 30, "nobody_came_back"),
        ([1.0] * 5, [3.0, 4.0, 5.0, 6.0, 7.0], "too_few_came_back"),
        ([2.0] * 30, [5.0] * 30, "all_values_equal"),
    ],
)
def test_too_little_is_said_instead_of_fitted(
    repeats: list[float], value: list[float], cause: str
) -> None:
    assert fit_spending(np.array(repeats), np.array(value)).not_enough == cause
