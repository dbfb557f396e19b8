"""The tree against the plain way of measuring every distance."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.nearest import NearestPoints, metres, middle, vector_of
from incognita_shared.values import Position

positions = st.builds(
    Position,
    latitude=st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 90.0])),
    longitude=st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 0.0, 180.0])),
)
named = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), positions, max_size=60)


def squared(one: Position, other: Position) -> float:
    pairs = zip(vector_of(one), vector_of(other), strict=True)
    return sum((a - b) ** 2 for a, b in pairs)


@given(points=named, at=positions, gone=st.sets(st.text("abcdef", min_size=1, max_size=4)))
def test_points_come_in_the_order_of_their_distance_without_those_removed(
    points: dict[str, Position], at: Position, gone: set[str]
) -> None:
    tree = NearestPoints({name: vector_of(position) for name, position in points.items()})
    for name in gone:
        tree.remove(name)
    found = list(tree.by_distance(vector_of(at)))
    assert sorted(name for _, name in found) == sorted(points.keys() - gone)
    assert [apart for apart, _ in found] == sorted(apart for apart, _ in found)
    for apart, name in found:
        assert apart == pytest.approx(squared(points[name], at), abs=1e-12)


def test_a_point_removed_during_a_walk_is_left_out() -> None:
    points = {
        f"p{number:02}": vector_of(Position(latitude=number, longitude=0)) for number in range(40)
    }
    tree = NearestPoints(points)
    walk = tree.by_distance(points["p00"])
    assert next(walk)[1] == "p00"
    tree.remove("p01")
    tree.remove("p01")
    assert next(walk)[1] == "p02"


def test_equal_distances_go_by_name() -> None:
    here = vector_of(Position(latitude=1, longitude=1))
    tree = NearestPoints({f"p{number:03}": here for number in reversed(range(100))})
    assert [name for _, name in tree.by_distance(here)] == [
        f"p{number:03}" for number in range(100)
    ]


def test_the_date_line_is_no_border() -> None:
    fiji, samoa = Position(latitude=-17, longitude=179), Position(latitude=-17, longitude=-179)
    assert metres(squared(fiji, samoa)) == pytest.approx(212_600, rel=0.01)


def test_known_distance_between_two_cities() -> None:
    paris = Position(latitude=48.8566, longitude=2.3522)
    istanbul = Position(latitude=41.0082, longitude=28.9784)
    assert metres(squared(paris, istanbul)) == pytest.approx(2_256_000, rel=0.005)


def test_the_middle_lies_on_the_surface_and_opposite_points_have_one_too() -> None:
    east, west = (vector_of(Position(latitude=0, longitude=degrees)) for degrees in (10, 20))
    assert middle([east, west]) == pytest.approx(vector_of(Position(latitude=0, longitude=15)))
    assert math.hypot(*middle([(1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)])) == pytest.approx(1)
