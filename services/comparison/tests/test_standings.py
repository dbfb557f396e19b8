"""The estimator against known truth: intervals hold as often as they say; verdicts are right."""

import random
from collections.abc import Sequence
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.standings import (
    Table,
    Unit,
    Within,
    between_waves,
    build_table,
    unit_of_means,
    unit_of_sums,
)

VISITS = st.lists(
    st.lists(st.integers(0, 1_000_000), min_size=1, max_size=6), min_size=1, max_size=12
)


def _simulated(
    *, branches: int, visits: Sequence[int], between: float, within: float, seed: int
) -> tuple[dict[str, float], list[Unit]]:
    """True qualities, and what visits saw of them; both variances in points squared."""
    dice = random.Random(seed)
    truth, units = {}, []
    for number in range(branches):
        key = f"b{number:05}"
        truth[key] = dice.gauss(60, sqrt(between))
        seen = [dice.gauss(truth[key], sqrt(within)) for _ in range(dice.choice(visits))]
        units.append(unit_of_means(key, seen))
    return truth, units


@pytest.mark.parametrize(
    ("branches", "visits", "between", "within", "runs"),
    [
        (20, (1, 2, 3), 5.0, 25.0, 100),
        (200, (1, 2, 3), 5.0, 25.0, 150),
        (200, (1, 2, 3), 25.0, 25.0, 20),
        (200, (1, 2, 3), 100.0, 25.0, 20),
        (2000, (1, 1, 1, 2), 10.0, 50.0, 20),
        (200, (20, 40), 10.0, 50.0, 20),
    ],
)
def test_intervals_hold_the_truth_nine_times_in_ten_and_beat_raw_means(
    branches: int, visits: tuple[int, ...], between: float, within: float, runs: int
) -> None:
    held = rows = 0
    error = raw_error = 0.0
    for seed in range(runs):
        truth, units = _simulated(
            branches=branches, visits=visits, between=between, within=within, seed=seed
        )
        for row in build_table(units).rows:
            held += row.low <= truth[row.key] <= row.high
            rows += 1
            error += (row.estimate - truth[row.key]) ** 2
            raw_error += (row.raw_mean - truth[row.key]) ** 2
    assert 0.87 <= held / rows <= 0.93
    assert error < raw_error


@pytest.mark.parametrize("between", [0.0, 4.0, 10.0, 25.0])
def test_with_one_visit_each_nothing_is_ranked_and_intervals_still_hold(between: float) -> None:
    held = rows = 0
    error = raw_error = 0.0
    for seed in range(10):
        truth, units = _simulated(
            branches=300, visits=(1,), between=between, within=50.0, seed=seed
        )
        table = build_table(units)
        assert table.fitted is not None
        assert not table.fitted.identified
        assert {(row.rank_low, row.rank_high, row.tie_group) for row in table.rows} == {(1, 300, 1)}
        assert {row.verdict for row in table.rows} == {"cannot_tell"}
        held += sum(row.low <= truth[row.key] <= row.high for row in table.rows)
        rows += len(table.rows)
        error += sum((row.estimate - truth[row.key]) ** 2 for row in table.rows)
        raw_error += sum((row.raw_mean - truth[row.key]) ** 2 for row in table.rows)
    assert held / rows > 0.87
    assert error < raw_error


def test_replicates_of_an_earlier_wave_let_single_visits_be_ranked() -> None:
    dice = random.Random(5)
    truth = [dice.gauss(60, 10) for _ in range(400)]
    units = [Unit(str(i), 1, dice.gauss(true, 2), 0.0) for i, true in enumerate(truth)]
    table = build_table(units, Within(squares=4.0 * 200, degrees=200))
    assert table.fitted is not None
    assert table.fitted.identified
    assert table.fitted.reliability == pytest.approx(100 / 104, abs=0.03)
    assert table.rows[-1].tie_group > 3
    held = [row.low <= truth[int(row.key)] <= row.high for row in table.rows]
    assert 0.86 <= sum(held) / len(held) <= 0.94


def test_differences_of_two_waves_show_the_variance_of_single_visits() -> None:
    dice = random.Random(6)
    first, second = {}, {}
    for number in range(3000):
        true = dice.gauss(60, 8)
        counts = dice.choice([(1, 1), (2, 1), (3, 2)])
        for wave, count, shift in ((first, counts[0], 0), (second, counts[1], 4)):
            seen = [dice.gauss(true + shift, 5) for _ in range(count)]
            wave[str(number)] = unit_of_means(str(number), seen)
    found = between_waves(first, second)
    assert found.degrees == 2999
    assert found.squares / found.degrees == pytest.approx(25, rel=0.08)


def test_few_shared_branches_say_nothing() -> None:
    unit = Unit("a", 1, 50.0, 0.0)
    assert between_waves({"a": unit}, {"a": unit}) == Within()


def test_intervals_are_calibrated_over_the_prior_even_for_few_branches() -> None:
    dice = random.Random(7)
    held = rows = 0
    for seed in range(400):
        share = dice.betavariate(1, 2)
        truth, units = _simulated(
            branches=12, visits=(1, 2, 3), between=30 * share, within=30 * (1 - share), seed=seed
        )
        found = build_table(units).rows
        held += sum(row.low <= truth[row.key] <= row.high for row in found)
        rows += len(found)
    assert 0.88 <= held / rows <= 0.92


def test_few_verdicts_of_better_are_wrong() -> None:
    wrong = verdicts = 0
    for seed in range(30):
        truth, units = _simulated(branches=60, visits=(1, 2, 4), between=20, within=30, seed=seed)
        rows = build_table(units).rows
        for better, worse in _verdicts(rows):
            verdicts += 1
            wrong += truth[better] < truth[worse]
    assert verdicts > 300
    assert wrong / verdicts < 0.05


def _verdicts(rows: Sequence[object]) -> list[tuple[str, str]]:
    """Certainly better, certainly worse: the extremes, which the ranges of ranks prove."""
    found = []
    for row in rows:
        for other in rows:
            if row.rank_high < other.rank_low:  # type: ignore[attr-defined]
                found.append((row.key, other.key))  # type: ignore[attr-defined]
    return found


@given(VISITS, st.floats(0, 500), st.integers(0, 40))
def test_any_scores_give_a_sound_table(
    scores: list[list[int]], squares: float, degrees: int
) -> None:
    units = [
        unit_of_sums(str(i), count=len(own), total=sum(own), squares=sum(s * s for s in own))
        for i, own in enumerate(scores)
    ]
    rows = build_table(units, Within(squares if degrees else 0.0, degrees)).rows
    assert [row.key for row in rows] == [
        row.key for row in sorted(rows, key=lambda row: (-row.estimate, row.key))
    ]
    for position, row in enumerate(rows, start=1):
        assert 0 <= row.low <= row.estimate <= row.high <= 100
        assert row.standard_error > 0
        assert 0 < row.weight < 1
        assert 1 <= row.rank_low <= position <= row.rank_high <= len(rows)
    groups = [row.tie_group for row in rows]
    assert groups == sorted(groups)
    assert groups[0] == 1


@given(VISITS)
def test_ranks_are_those_of_comparing_every_pair(scores: list[list[int]]) -> None:
    units = [
        unit_of_sums(str(i), count=len(own), total=sum(own), squares=sum(s * s for s in own))
        for i, own in enumerate(scores)
    ]
    table = build_table(units, Within(400.0, 40))
    fitted = table.fitted
    assert fitted is not None
    by_key = {unit.key: unit for unit in units}

    def certainly_better(one: str, other: str) -> bool:
        a, b = by_key[one], by_key[other]
        sa, sb = fitted.shrinkage[a.count], fitted.shrinkage[b.count]
        ua, ub = a.mean - fitted.centre, b.mean - fitted.centre
        gap = sa.shift + sa.weight * ua - sb.shift - sb.weight * ub
        sway = sqrt(sa.v2) * ua - sqrt(sb.v2) * ub
        telling = all(s.weight > 1.6448536 * sqrt(s.v2) for s in (sa, sb))
        return telling and gap > 1.6448536 * sqrt(sa.own + sb.own + sway * sway)

    for row in table.rows:
        better = sum(certainly_better(other.key, row.key) for other in table.rows)
        worse = sum(certainly_better(row.key, other.key) for other in table.rows)
        assert (row.rank_low, row.rank_high) == (better + 1, len(units) - worse)


def test_equal_scores_claim_no_certainty() -> None:
    rows = build_table([Unit(str(i), 2, 100.0, 0.0) for i in range(5)]).rows
    assert all(row.estimate == 100 and row.low < 99 for row in rows)
    assert {row.tie_group for row in rows} == {1}


def test_two_clearly_different_owners_are_told_apart_and_two_alike_are_not() -> None:
    dice = random.Random(8)

    def owner(key: str, mean: float) -> Unit:
        return unit_of_means(key, [dice.gauss(mean, 8) for _ in range(400)])

    apart = build_table([owner("company", 80), owner("franchise", 74)]).rows
    assert [(row.key, row.rank_low, row.rank_high) for row in apart] == [
        ("company", 1, 1),
        ("franchise", 2, 2),
    ]
    alike = build_table([owner("company", 80), owner("franchise", 80)]).rows
    assert {(row.rank_low, row.rank_high) for row in alike} == {(1, 2)}


def test_a_lone_branch_is_its_own_estimate_within_wide_bounds() -> None:
    (row,) = build_table([Unit("only", 1, 70.0, 0.0)]).rows
    assert row.estimate == pytest.approx(70)
    assert row.high - row.low > 10


def test_no_scores_make_an_empty_table() -> None:
    assert build_table([]) == Table((), None)
