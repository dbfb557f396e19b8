"""Where branches are, for the matching of visits: by position, else by city, else by region."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from incognita_assignment.nearest import Vector, middle, vector_of
from incognita_shared.values import Position


class Via(StrEnum):
    """By what a shopper was chosen: the way to the branch, to its city or region, or capacity."""

    POSITION = "position"
    CITY = "city"
    REGION = "region"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Place:
    """A branch and the numbers of the visits that it still wants."""

    branch_id: str
    city: str
    region: str
    position: Position | None
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """What distances to a branch are measured to."""

    vector: Vector
    via: Via


def aims_of(places: Sequence[Place]) -> dict[str, Aim]:
    """Branch → its position, or the middle of its city's, else its region's, other branches.

    A branch is left out if nothing is known of where it is. Case and outer blanks don't matter.
    """
    by_city: dict[tuple[str, str], list[Vector]] = {}
    by_region: dict[str, list[Vector]] = {}
    aims: dict[str, Aim] = {}
    for place in sorted(places, key=lambda place: place.branch_id):
        if place.position is not None:
            vector = vector_of(place.position)
            aims[place.branch_id] = Aim(vector, Via.POSITION)
            by_city.setdefault(_city(place), []).append(vector)
            by_region.setdefault(_region(place), []).append(vector)
    in_city = {name: Aim(middle(found), Via.CITY) for name, found in by_city.items() if name[1]}
    in_region = {name: Aim(middle(found), Via.REGION) for name, found in by_region.items() if name}
    for place in places:
        if place.branch_id not in aims:
            aim = in_city.get(_city(place)) or in_region.get(_region(place))
            if aim is not None:
                aims[place.branch_id] = aim
    return aims


def _region(place: Place) -> str:
    return place.region.strip().casefold()


def _city(place: Place) -> tuple[str, str]:
    return _region(place), place.city.strip().casefold()
