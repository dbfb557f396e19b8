"""Whatever the visits look like, there is an answer, and none is surer than it may be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.standing import standings
from incognita_comparison.model.training import train
from incognita_comparison.model.visits import UNKNOWN, Visits

VISIT = st.tuples(
    st.integers(0, 3),
    st.integers(-1, 3),
    st.sampled_from([0.0, 0.0, 10.0, 400.0, 80_000.0]),
    st.sampled_from([0.0, 99.5, 100.0, 100.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(VISIT, min_size=1, max_size=40))
def test_any_few_visits_have_standings_and_forecasts(
    rows: list[tuple[int, int, float, float]],
) -> None:
    branch, shopper, time, score = (np.array(column) for column in zip(*rows, strict=True))
    _, branch = np.unique(branch, return_inverse=True)
    known = shopper != UNKNOWN
    shopper[known] = np.unique(shopper[known], return_inverse=True)[1]
    trained = train(Visits(branch, shopper, time, score))
    found = standings(trained, {})
    for lower, middle, upper in (
        (found.lower, found.estimate, found.upper),
        (found.forecast.lower, found.forecast.prediction, found.forecast.upper),
    ):
        assert np.isfinite(middle).all()
        assert (lower <= middle + 1e-6).all()
        assert (middle <= upper + 1e-6).all()
        assert (lower >= 0).all()
        assert (upper <= 100).all()
    if found.not_enough:
        assert (found.tie_group == 1).all()
    asked = Targets(
        np.array([UNKNOWN, 0]), np.array([UNKNOWN, 99]), np.array([500.0, -90_000.0]), {}
    )
    assert np.isfinite(trained.forecast(asked).prediction).all()


def test_branches_that_no_shopper_links_are_not_told_apart_by_their_shoppers() -> None:
    """Two shoppers, each with branches of their own: a lenient one must not lift theirs unseen."""
    chance = np.random.default_rng(1)
    branch = np.repeat(np.arange(20), 6)
    shopper = (branch >= 10).astype(np.int64)
    score = 60 + 10.0 * shopper + chance.normal(0, 2, len(branch))
    trained = train(Visits(branch, shopper, chance.uniform(0, 900, len(branch)), score))
    found = standings(trained, {})
    apart = found.estimate[branch[::6] >= 10].mean() - found.estimate[branch[::6] < 10].mean()
    width = float((found.upper - found.lower).mean())
    assert apart < 10
    assert width > 2 * 1.645 * 2 / np.sqrt(6)
