"""Restricted maximum likelihood against another implementation, and invariances."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from incognita_comparison.model.components import Components
from incognita_comparison.model.design import design_of
from incognita_comparison.model.equations import solve
from incognita_comparison.model.estimation import LEAST, estimate
from incognita_comparison.model.visits import UNKNOWN, Visits
from incognita_comparison.model.worlds import world

ONLY_BRANCHES = Components(
    branch=0.5, drift=LEAST, pair=LEAST, shopper=LEAST, shopper_drift=LEAST, season=1e-9
)
OTHERS = frozenset(
    {"drift", "pair", "shopper", "shopper_drift", "season", "drift_days", "shopper_drift_days"}
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_variances_and_branch_effects_agree_with_statsmodels(seed: int) -> None:
    visits = world(seed, shopper_sd=0.0).visits
    blank = Visits(visits.branch, np.full(len(visits), UNKNOWN), visits.time, visits.score)
    design = design_of(blank, 91.0)
    found = estimate(
        design, design.visits.score - 60.0, start=ONLY_BRANCHES, fixed=OTHERS
    ).components
    theirs = sm.MixedLM(visits.score, np.ones(len(visits)), groups=visits.branch).fit(reml=True)
    assert found.noise == pytest.approx(theirs.scale, rel=0.02)
    assert found.branch * found.noise == pytest.approx(float(theirs.cov_re[0, 0]), rel=0.05)
    same = Components(
        branch=float(theirs.cov_re[0, 0]) / theirs.scale, drift=1e-9, pair=1e-9, shopper=1e-9,
        shopper_drift=1e-9, season=1e-9,
    )  # fmt: skip
    solution = solve(design, same, design.visits.score - 60.0)
    assert solution.effects[0] + 60.0 == pytest.approx(float(theirs.fe_params[0]), abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000), st.floats(-20, 20), st.floats(0.2, 3.0))
def test_likelihood_and_effects_shift_and_scale_with_the_scores(
    seed: int, shift: float, scale: float
) -> None:
    visits = world(seed).visits
    design = design_of(visits, 91.0)
    one = solve(design, Components(), design.visits.score)
    other = solve(design, Components(), scale * design.visits.score + shift)
    assert np.allclose(other.effects[1:], scale * one.effects[1:], atol=1e-4)
    assert other.noise == pytest.approx(scale**2 * one.noise, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_neither_the_order_of_rows_nor_the_names_have_a_say(seed: int) -> None:
    chance = np.random.default_rng(seed)
    visits = world(seed).visits
    names = chance.permutation(60)
    shuffled = visits.take(chance.permutation(len(visits)))
    renamed = Visits(names[shuffled.branch], shuffled.shopper, shuffled.time, shuffled.score)
    one = solve(design_of(visits, 91.0), Components(), design_of(visits, 91.0).visits.score)
    design = design_of(renamed, 91.0)
    other = solve(design, Components(), design.visits.score)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
    assert np.allclose(other.effects, one.effects, atol=1e-6)
