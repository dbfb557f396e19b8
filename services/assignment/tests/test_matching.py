"""Promises of ``match``, whatever stands inside."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.matching import (
    Candidate,
    History,
    Matching,
    MatchRules,
    Unmatched,
    match,
)
from incognita_assignment.places import Place, Via
from incognita_shared.values import Position

START = datetime(2026, 3, 1, tzinfo=UTC)
ROTATION = timedelta(days=90)
positions = st.none() | st.builds(
    Position, latitude=st.floats(-80, 80), longitude=st.floats(-180, 180)
)
skills = st.frozensets(st.sampled_from(["phone", "wine"]))
languages = st.frozensets(st.sampled_from(["en", "tr"]))
BRANCHES = [f"b{number}" for number in range(8)]
SHOPPERS = [f"s{number}" for number in range(6)]


@st.composite
def places(draw: Any) -> list[Place]:
    names = draw(st.lists(st.sampled_from(BRANCHES), unique=True))
    texts = st.sampled_from(["", "Ankara", " ankara", "Lyon"])
    wanted = st.sets(st.integers(1, 4), max_size=3).map(tuple)
    return [Place(name, draw(texts), draw(texts), draw(positions), draw(wanted)) for name in names]


@st.composite
def candidates(draw: Any) -> list[Candidate]:
    names = draw(st.lists(st.sampled_from(SHOPPERS), unique=True))
    return [
        Candidate(name, draw(positions), draw(skills), draw(languages), draw(st.integers(0, 4)))
        for name in names
    ]


moments = st.integers(0, 200).map(lambda days: START - timedelta(days=days))
histories = st.builds(
    History,
    last_at=st.dictionaries(
        st.sampled_from(BRANCHES), st.dictionaries(st.sampled_from(SHOPPERS), moments)
    ),
    in_wave=st.dictionaries(st.sampled_from(BRANCHES), st.frozensets(st.sampled_from(SHOPPERS))),
    held=st.dictionaries(st.sampled_from(SHOPPERS), st.integers(0, 3)),
)
rule_sets = st.builds(
    MatchRules,
    starts_at=st.just(START),
    rotation=st.sampled_from([timedelta(0), ROTATION]),
    skills=skills,
    languages=languages,
    by_distance=st.booleans(),
    visit_limit=st.none() | st.integers(0, 6),
)
problems = {
    "branches": places(),
    "shoppers": candidates(),
    "history": histories,
    "rules": rule_sets,
}


def free(shopper: Candidate, history: History) -> int:
    return max(0, shopper.capacity - history.held.get(shopper.shopper_id, 0))


def barred(branch_id: str, matching: Matching, history: History, rules: MatchRules) -> set[str]:
    lately = {
        shopper
        for shopper, at in history.last_at.get(branch_id, {}).items()
        if rules.rotation and rules.starts_at - at < rules.rotation
    }
    here = {each.shopper_id for each in matching.assigned if each.branch_id == branch_id}
    return lately | history.in_wave.get(branch_id, frozenset()) | here


@given(**problems)
def test_each_wanted_visit_is_answered_exactly_once(
    branches: list[Place], shoppers: list[Candidate], history: History, rules: MatchRules
) -> None:
    matching = match(branches, shoppers, history, rules)
    answered = [(each.branch_id, each.number) for each in matching.assigned]
    answered += [(branch_id, number) for branch_id, number, _ in matching.unmatched]
    assert sorted(answered) == sorted(
        (place.branch_id, number) for place in branches for number in place.wanted
    )


@given(**problems)
def test_capacity_skills_and_budget_hold(
    branches: list[Place], shoppers: list[Candidate], history: History, rules: MatchRules
) -> None:
    matching = match(branches, shoppers, history, rules)
    by_id = {shopper.shopper_id: shopper for shopper in shoppers}
    for shopper_id, visits in Counter(each.shopper_id for each in matching.assigned).items():
        assert visits <= free(by_id[shopper_id], history)
        assert rules.fits(by_id[shopper_id])
    assert rules.visit_limit is None or len(matching.assigned) <= rules.visit_limit


@given(**problems)
def test_nobody_meets_a_branch_twice_in_the_wave_or_within_the_rotation(
    branches: list[Place], shoppers: list[Candidate], history: History, rules: MatchRules
) -> None:
    matching = match(branches, shoppers, history, rules)
    before = Matching((), ())
    for each in matching.assigned:
        assert each.shopper_id not in barred(each.branch_id, before, history, rules)
    pairs = Counter((each.branch_id, each.shopper_id) for each in matching.assigned)
    assert all(count == 1 for count in pairs.values())


@given(**problems)
def test_the_reason_why_a_visit_is_unmatched_is_true(
    branches: list[Place], shoppers: list[Candidate], history: History, rules: MatchRules
) -> None:
    matching = match(branches, shoppers, history, rules)
    taken = Counter(each.shopper_id for each in matching.assigned)
    fitting = [shopper for shopper in shoppers if rules.fits(shopper)]
    for branch_id, _, reason in matching.unmatched:
        allowed = [
            shopper
            for shopper in fitting
            if shopper.shopper_id not in barred(branch_id, matching, history, rules)
        ]
        if reason is Unmatched.BUDGET:
            assert len(matching.assigned) == rules.visit_limit
        elif reason is Unmatched.NO_ELIGIBLE_SHOPPER:
            assert not fitting
        elif reason is Unmatched.ROTATION:
            assert fitting
            assert not allowed
        else:
            assert allowed
            assert all(free(one, history) == taken[one.shopper_id] for one in allowed)


@given(**problems, order=st.randoms())
def test_the_order_of_the_input_changes_nothing(
    branches: list[Place],
    shoppers: list[Candidate],
    history: History,
    rules: MatchRules,
    order: Any,
) -> None:
    expected = match(branches, shoppers, history, rules)
    order.shuffle(branches)
    order.shuffle(shoppers)
    assert match(branches, shoppers, history, rules) == expected


def place(
    name: str, longitude: float | None, *, city: str = "", region: str = "", visits: int = 1
) -> Place:
    position = None if longitude is None else Position(latitude=0, longitude=longitude)
    return Place(name, city, region, position, tuple(range(1, visits + 1)))


def shopper(name: str, longitude: float | None, capacity: int = 5) -> Candidate:
    home = None if longitude is None else Position(latitude=0, longitude=longitude)
    return Candidate(name, home, frozenset(), frozenset(), capacity)


RULES = MatchRules(starts_at=START, rotation=ROTATION)


def test_the_nearest_shopper_gets_the_visit() -> None:
    matching = match([place("b", 1)], [shopper("far", 9), shopper("near", 2)], History(), RULES)
    (only,) = matching.assigned
    assert (only.shopper_id, only.via) == ("near", Via.POSITION)
    assert only.distance_m is not None
    assert abs(only.distance_m - 111_195) < 100


def test_the_next_one_goes_when_the_nearest_is_full() -> None:
    crowd = [shopper("near", 1, capacity=1), shopper("far", 9)]
    matching = match([place("b1", 1), place("b2", 1.5)], crowd, History(), RULES)
    assert {each.branch_id: each.shopper_id for each in matching.assigned} == {
        "b1": "near",
        "b2": "far",
    }


def test_every_branch_gets_its_first_visit_before_any_gets_a_second() -> None:
    rules = MatchRules(starts_at=START, rotation=ROTATION, visit_limit=2)
    crowd = [shopper("s1", 1), shopper("s2", 1)]
    matching = match([place("b1", 1, visits=2), place("b2", 50, visits=2)], crowd, History(), rules)
    assert {(each.branch_id, each.number) for each in matching.assigned} == {("b1", 1), ("b2", 1)}
    assert {reason for _, _, reason in matching.unmatched} == {Unmatched.BUDGET}


def test_a_branch_without_position_is_sought_in_its_city_then_in_its_region() -> None:
    branches = [
        place("known", 10, city="Lyon", region="R"),
        place("same-city", None, city=" LYON ", region="r"),
        place("same-region", None, city="Other", region="R"),
        place("nowhere", None, city="Else", region="Q"),
    ]
    crowd = [shopper("here", 11, capacity=3), shopper("away", 60, capacity=9)]
    matching = match(branches, crowd, History(), RULES)
    assert {each.branch_id: (each.via, each.shopper_id) for each in matching.assigned} == {
        "known": (Via.POSITION, "here"),
        "same-city": (Via.CITY, "here"),
        "same-region": (Via.REGION, "here"),
        "nowhere": (Via.CAPACITY, "away"),
    }


def test_calls_are_shared_out_by_capacity_whatever_the_way() -> None:
    rules = MatchRules(starts_at=START, rotation=ROTATION, by_distance=False)
    crowd = [shopper("near", 1, capacity=2), shopper("far", 99, capacity=4)]
    matching = match([place(f"b{n}", 1) for n in range(4)], crowd, History(), rules)
    assert Counter(each.shopper_id for each in matching.assigned) == {"far": 3, "near": 1}
    assert {each.distance_m for each in matching.assigned} == {None}


def test_a_shopper_whose_home_is_unknown_comes_after_those_who_live_somewhere() -> None:
    crowd = [shopper("unknown", None), shopper("far", 170, capacity=1)]
    matching = match([place("b1", 1), place("b2", 2)], crowd, History(), RULES)
    assert sorted(each.shopper_id for each in matching.assigned) == ["far", "unknown"]


def test_the_rotation_ends_to_the_day() -> None:
    for days, free_again in ((89, False), (90, True)):
        history = History(last_at={"b": {"s": START - timedelta(days=days)}})
        matching = match([place("b", 1)], [shopper("s", 1)], history, RULES)
        assert bool(matching.assigned) is free_again
