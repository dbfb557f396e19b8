"""Standings against the truth of simulated worlds, updates against full fits."""

from dataclasses import replace

import numpy as np
import pytest

from incognita_comparison.model.fitting import fit_with
from incognita_comparison.model.leniency import shoppers_of
from incognita_comparison.model.rollup import roll_up
from incognita_comparison.model.scale import AS_POINTS
from incognita_comparison.model.standing import standings
from incognita_comparison.model.training import train
from incognita_comparison.model.updating import update
from incognita_comparison.model.visits import UNKNOWN, Visits
from incognita_comparison.model.worlds import world


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    inside = []
    for seed in range(6):
        made = world(seed)
        found = standings(train(made.visits), {})
        truth = 60 + made.branch + made.shopper.mean()
        inside.append((found.lower <= truth) & (truth <= found.upper))
    assert 0.84 <= np.mean(inside) <= 0.97


def test_a_branch_that_is_said_to_be_better_mostly_is() -> None:
    wrong, said = 0, 0
    for seed in range(6):
        made = world(seed, branch_sd=2.0)
        found = standings(train(made.visits), {})
        for group in range(2, int(found.tie_group.max()) + 1):
            leaders = found.tie_group == group - 1
            leader = np.flatnonzero(leaders)[np.argmax(found.estimate[leaders])]
            below = np.flatnonzero(found.tie_group >= group)
            said += len(below)
            wrong += int((made.branch[below] > made.branch[leader]).sum())
    assert said > 50
    assert wrong / said <= 0.05


def test_where_branches_do_not_differ_none_is_ranked_above_another() -> None:
    apart = 0
    for seed in range(6):
        found = standings(train(world(seed, branch_sd=0.0).visits), {})
        apart += int((found.tie_group > 1).any())
    assert apart <= 1


def test_one_more_visit_moves_a_branch_as_a_full_fit_would() -> None:
    made = world(3)
    fitted = train(made.visits).fit
    new = Visits(np.array([5]), np.array([2]), np.array([fitted.now + 1]), np.array([80.0]))
    at_once = update(fitted, 5, new)
    both = made.visits
    all_visits = Visits(
        np.r_[both.branch, new.branch], np.r_[both.shopper, new.shopper],
        np.r_[both.time, new.time], np.r_[both.score, new.score],
    )  # fmt: skip
    later = replace(train(made.visits), fit=fit_with(all_visits, AS_POINTS, fitted.components))
    full = standings(later, {})
    assert at_once.visits == full.visits[5]
    assert at_once.estimate == pytest.approx(full.estimate[5], abs=0.15)
    assert at_once.upper - at_once.lower == pytest.approx(full.upper[5] - full.lower[5], rel=0.03)


def test_an_update_without_news_is_the_standing_itself() -> None:
    made = world(4)
    fitted = train(made.visits).fit
    before = standings(train(made.visits), {})
    history = fitted.design.visits
    last = int(np.flatnonzero(history.branch == 7)[-1])
    kept = np.arange(len(history)) != last
    # the last visit again, as if it came now, on a fit that already knows what it says of others
    without = fit_with(history.take(kept), AS_POINTS, fitted.components)
    again = update(without, 7, history.take(np.array([last])))
    assert again.estimate == pytest.approx(before.estimate[7], abs=0.3)


def test_a_new_branch_stands_near_the_mean_and_says_how_little_is_known() -> None:
    fitted = train(world(5).visits).fit
    new = Visits(np.array([0]), np.array([UNKNOWN]), np.array([fitted.now]), np.array([75.0]))
    found = update(fitted, UNKNOWN, new)
    assert found.visits == 1
    assert 60 < found.estimate < 72
    assert found.upper - found.lower > 6


def test_leniency_is_recovered_and_an_extreme_shopper_flagged() -> None:
    made = world(6, shoppers=15, visits=900)
    extreme = made.visits.shopper == 3
    visits = replace(
        made.visits, score=np.where(extreme, made.visits.score + 12, made.visits.score)
    )
    found = shoppers_of(train(visits).fit)
    truth = made.shopper + 12 * (np.arange(15) == 3)
    assert np.corrcoef(found.points, truth)[0, 1] > 0.95
    assert found.flag[3] == "lenient"
    assert (found.flag != "").sum() <= 2


def test_an_owner_better_in_every_city_but_worse_overall_is_reported() -> None:
    chance = np.random.default_rng(1)
    owner = np.r_[np.zeros(40, np.int64), np.ones(40, np.int64)]
    city = np.r_[
        np.zeros(36, np.int64), np.ones(4, np.int64), np.zeros(4, np.int64), np.ones(36, np.int64)
    ]
    level = 60.0 + 20.0 * city + 5.0 * (owner == 0)
    branch = np.repeat(np.arange(80), 8)
    score = level[branch] + chance.normal(0, 1.5, len(branch))
    visits = Visits(
        branch, chance.integers(0, 10, len(branch)), chance.uniform(0, 900, len(branch)), score
    )
    found = roll_up(train(visits).fit, {}, owner, city)
    assert found.reversals == ((0, 1),)
    assert found.estimate[0] < found.estimate[1]
    assert found.adjusted[0] > found.adjusted[1]
