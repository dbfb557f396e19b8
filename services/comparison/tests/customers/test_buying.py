"""BG/NBD against published figures, against its own integral, and where there is too little."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import beta, gamma

from incognita_comparison.customers.buying import Counts, counts_of, fit_buying, log_likelihood
from incognita_comparison.customers.forecasts import (
    Numbers,
    alive,
    expected,
    interval,
    slopes,
    variance,
)
from incognita_comparison.customers.orders import Floats

CDNOW = Numbers(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Table 2 of Fader, Hardie, Lee (2005)."""
POSITIVE = st.floats(0.05, 20)


def history(repeats: int, recency: float, observed: float) -> Counts:
    return counts_of(np.array([repeats]), np.array([recency]), np.array([observed]))


def histories(seed: int, size: int, numbers: Numbers, weeks: float = 52.0) -> Counts:
    """Customers who behave as the model says, observed from a third of the time to all of it."""
    random = np.random.default_rng(seed)
    rate = random.gamma(numbers.r, 1 / numbers.alpha, size)
    return lived(random, rate, random.beta(numbers.a, numbers.b, size), weeks)


def lived(random: np.random.Generator, rate: Floats, leaves: Floats, weeks: float) -> Counts:
    size = len(rate)
    observed = random.integers(int(7 * weeks / 3), int(7 * weeks), size) / 7
    repeats, recency = np.zeros(size, np.int64), np.zeros(size)
    for at in range(size):
        now = random.exponential(1 / rate[at])
        while now < observed[at]:
            repeats[at] += 1
            recency[at] = now
            if random.random() < leaves[at]:
                break
            now += random.exponential(1 / rate[at])
    return counts_of(repeats, recency, observed)


def test_the_published_forecast_for_a_customer_of_cdnow() -> None:
    """Fader and Hardie, "Implementing the BG/NBD Model … in Excel" (2005): x = 2, t_x = 30.43,
    T = 38.86 gives 1.226 occasions in 39 weeks."""
    counts = history(2, 30.43, 38.86)
    assert expected(CDNOW, counts, 39.0)[0] == pytest.approx(1.226, abs=5e-4)


def test_the_likelihood_is_the_integral_over_all_rates_and_chances() -> None:
    x, recency, observed = 3, 20.0, 40.0

    def density(leaves: float, rate: float) -> float:
        stays = (1 - leaves) ** x * rate**x * np.exp(-rate * observed)
        left = leaves * (1 - leaves) ** (x - 1) * rate**x * np.exp(-rate * recency)
        weight = gamma.pdf(rate, 0.9, scale=1 / 6) * beta.pdf(leaves, 1.3, 2.5)
        return float((stays + left) * weight)

    whole, _ = dblquad(density, 0, 5, 0, 1, epsabs=1e-11)
    value, _ = log_likelihood(np.log([0.9, 6, 1.3, 2.5]), history(x, recency, observed))
    assert value == pytest.approx(np.log(whole), abs=1e-6)


@given(st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE), st.integers(0, 400))
def test_the_gradient_is_that_of_the_likelihood(
    numbers: tuple[float, float, float, float], repeats: int
) -> None:
    counts = history(repeats, 30.0 if repeats else 0.0, 52.0)
    log = np.log(numbers)
    _, slope = log_likelihood(log, counts)
    for place in range(4):
        step = np.eye(4)[place] * 1e-5
        rise = log_likelihood(log + step, counts)[0] - log_likelihood(log - step, counts)[0]
        assert slope[place] == pytest.approx(rise / 2e-5, rel=1e-4, abs=1e-4)


def test_true_parameters_are_found_within_their_standard_errors() -> None:
    fit = fit_buying(histories(3, 8000, CDNOW))
    truth = np.array([CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b])
    found = np.array([fit.r, fit.alpha, fit.a, fit.b])
    assert np.all(np.abs(found - truth) < 3 * fit.standard_errors)
    assert np.all(fit.standard_errors < truth / 2)
    assert fit.at_bound == []


def test_standard_errors_are_as_wide_as_estimates_spread() -> None:
    fits = [fit_buying(histories(seed, 1200, CDNOW)) for seed in range(16)]
    spread = np.std([np.log(fit.alpha) for fit in fits])
    said = np.mean([fit.standard_errors[1] / fit.alpha for fit in fits])
    assert 0.6 < said / spread < 1.6


def test_the_unit_of_time_changes_the_rate_alone() -> None:
    counts = histories(5, 3000, CDNOW)
    seventh = Counts(
        counts.repeats, counts.recency * 7, counts.observed * 7, counts.times, counts.place
    )
    weeks, days = fit_buying(counts), fit_buying(seventh)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-5)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-5)


def test_the_fit_is_that_of_each_customer_however_they_are_grouped() -> None:
    counts = histories(6, 2000, CDNOW)
    place = counts.place[np.random.default_rng(1).permutation(len(counts.place))]
    again = counts_of(
        counts.repeats[place].astype(np.int64), counts.recency[place], counts.observed[place]
    )
    assert fit_buying(again).log_likelihood == pytest.approx(fit_buying(counts).log_likelihood)


@settings(deadline=None, max_examples=30)
@given(
    st.floats(0.05, 5), st.floats(0.5, 20), st.floats(0.05, 5), st.floats(0.2, 20),
    st.integers(0, 60), st.floats(1, 100),
)  # fmt: skip
def test_the_distribution_of_orders_has_the_expected_mean(
    r: float, alpha: float, a: float, b: float, repeats: int, weeks: float
) -> None:
    numbers = Numbers(r, alpha, a, b)
    counts = history(repeats, 40.0 if repeats else 0.0, 52.0)
    mean = expected(numbers, counts, weeks)[0]
    chance, low, high = interval(numbers, counts, weeks)
    assert 0 <= mean <= (r + repeats) / (alpha + 52) * weeks * (1 + 1e-9)
    assert chance[0] <= mean + 1e-9
    assert low[0] <= high[0]
    assert mean <= high[0] + 20 * np.sqrt(variance(numbers, counts, weeks)[0]) + 1
    assert 0 < alive(numbers, counts)[0] <= 1


def test_forecast_intervals_and_variances_are_those_of_simulated_customers() -> None:
    random = np.random.default_rng(1)
    counts, size = history(12, 45.0, 52.0), 400_000
    rate = random.gamma(CDNOW.r + 12, 1 / (CDNOW.alpha + 52), size)
    leaves = random.beta(CDNOW.a, CDNOW.b + 12, size)
    there = random.random(size) < alive(CDNOW, counts)[0]
    orders = np.minimum(random.poisson(rate * 30), random.geometric(leaves)) * there
    chance, low, high = interval(CDNOW, counts, 30.0)
    assert expected(CDNOW, counts, 30.0)[0] == pytest.approx(orders.mean(), rel=0.01)
    assert variance(CDNOW, counts, 30.0)[0] == pytest.approx(orders.var(), rel=0.02)
    assert chance[0] == pytest.approx((orders > 0).mean(), abs=0.004)
    assert (low[0], high[0]) == tuple(np.quantile(orders, [0.05, 0.95]))


def test_who_bought_long_ago_is_less_likely_alive() -> None:
    counts = counts_of(np.full(3, 5), np.array([10.0, 30.0, 50.0]), np.full(3, 52.0))
    assert np.all(np.diff(alive(CDNOW, counts)) > 0)


def test_who_never_came_back_is_alive_by_the_model() -> None:
    assert alive(CDNOW, history(0, 0.0, 300.0))[0] == 1


def test_slopes_say_how_a_forecast_moves_with_the_parameters() -> None:
    fit = fit_buying(histories(3, 3000, CDNOW))
    counts = history(4, 30.0, 52.0)
    moved = Numbers(fit.r * np.exp(0.01), fit.alpha, fit.a, fit.b)
    still = expected(Numbers(fit.r, fit.alpha, fit.a, fit.b), counts, 52.0)
    change = expected(moved, counts, 52.0) - still
    assert slopes(fit, counts, 52.0)[0, 0] == pytest.approx(change[0] / 0.01, rel=0.02)


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ([], "no_customers"),
        ([(3, 10, 20)], "one_customer"),
        ([(0, 0, 0)] * 50, "one_day"),
        ([(0, 0, 30)] * 50, "nobody_came_back"),
        ([(1, 5, 30)] * 10 + [(0, 0, 30)] * 50, "too_few_came_back"),
    ],
)
def test_too_little_is_said_instead_of_fitted(rows: list[tuple[int, int, int]], cause: str) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 3)
    counts = counts_of(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])
    assert fit_buying(counts).not_enough == cause


@pytest.mark.parametrize(
    ("rate", "leaves", "at_bound"),
    [
        (None, 0.2, ["b"]),  # the same chance to leave for all
        (0.1, None, ["r"]),  # the same rate for all
        (None, 1.0, ["a", "b"]),  # all leave at once
    ],
)
def test_customers_alike_in_one_respect_are_forecast_by_its_limit(
    rate: float | None, leaves: float | None, at_bound: list[str]
) -> None:
    random = np.random.default_rng(4)
    rates = random.gamma(1, 0.2, 800) if rate is None else np.full(800, rate)
    chances = random.beta(0.8, 2, 800) if leaves is None else np.full(800, leaves)
    counts = lived(random, rates, chances, 52.0)
    fit = fit_buying(counts)
    assert fit.not_enough == ""
    assert fit.at_bound in (at_bound, [])  # by chance the sample may vary more than its source
    if rate is not None:
        assert fit.r / fit.alpha == pytest.approx(rate, rel=0.1)
    if leaves is not None:
        assert fit.a / (fit.a + fit.b) == pytest.approx(leaves, abs=0.04)
    ahead = expected(Numbers(fit.r, fit.alpha, fit.a, fit.b), counts, 52.0)
    assert np.all(np.isfinite(ahead))
    assert np.all(ahead >= 0)
