"""Who is nearest: a k-d tree over points of the globe, from which points can be taken out.

Points are unit vectors, so that neither the poles nor the date line need a rule of their own: the
straight (chord) distance grows with the distance along the surface. Libraries with such a tree
(SciPy, for one) bring a numerical stack of 100 MB into a service that needs one look-up, and have
no removal, which full shoppers need.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from incognita_shared.values import Position

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""

Vector = tuple[float, float, float]
_LEAF = 8
_NO_LENGTH = 1e-9


def vector_of(position: Position) -> Vector:
    """The unit vector of a position."""
    latitude, longitude = math.radians(position.latitude), math.radians(position.longitude)
    flat = math.cos(latitude)
    return (flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude))


def middle(vectors: list[Vector]) -> Vector:
    """The centroid of some points, brought back to the surface; the first if they cancel out."""
    x, y, z = (sum(axis) for axis in zip(*vectors, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if length > _NO_LENGTH else vectors[0]


def metres(chord_squared: float) -> float:
    """Great-circle metres from a squared chord of the unit sphere."""
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord_squared) / 2))


@dataclass(slots=True)
class _Node:
    """A box of points: a leaf holds them, another node has two halves. ``live`` counts them."""

    label: int
    low: Vector
    high: Vector
    live: int
    halves: tuple["_Node", ...] = ()
    points: list[tuple[str, Vector]] = field(default_factory=list)

    def bound(self, at: Vector) -> float:
        """The least squared distance that a point of this box can have."""
        total = 0.0
        for low, value, high in zip(self.low, at, self.high, strict=True):
            outside = low - value if value < low else value - high if value > high else 0.0
            total += outside * outside
        return total


class NearestPoints:
    """Named points; ``by_distance`` yields those not removed, nearest first, ties by name."""

    def __init__(self, points: Mapping[str, Vector]) -> None:
        self._removed: set[str] = set()
        self._path: dict[str, list[_Node]] = {}
        self._labels = 0
        self._root = self._build(sorted(points.items()), []) if points else None

    def remove(self, name: str) -> None:
        """Leave the point out from now on, also in walks that are under way."""
        if name in self._path and name not in self._removed:
            self._removed.add(name)
            for node in self._path[name]:
                node.live -= 1

    def by_distance(self, at: Vector) -> Iterator[tuple[float, str]]:
        """Squared chord and name of each point, from the nearest on; lazily."""
        if self._root is None:
            return
        # A box comes before a point at the same distance: it may hold a point with a lesser name.
        queue: list[tuple[float, int, int | str, _Node | None]] = [
            (self._root.bound(at), 0, self._root.label, self._root)
        ]
        while queue:
            distance, _, name, node = heapq.heappop(queue)
            if node is None:
                if name not in self._removed:
                    yield distance, str(name)
            elif node.live:
                for half in node.halves:
                    heapq.heappush(queue, (half.bound(at), 0, half.label, half))
                for point, vector in node.points:
                    heapq.heappush(queue, (_apart(at, vector), 1, point, None))

    def _build(self, points: list[tuple[str, Vector]], above: list[_Node]) -> _Node:
        axes = list(zip(*(vector for _, vector in points), strict=True))
        low = (min(axes[0]), min(axes[1]), min(axes[2]))
        high = (max(axes[0]), max(axes[1]), max(axes[2]))
        self._labels += 1
        node = _Node(self._labels, low, high, len(points))
        path = [*above, node]
        if len(points) <= _LEAF:
            node.points = points
            self._path.update((name, path) for name, _ in points)
            return node
        widest = max(range(3), key=lambda axis: high[axis] - low[axis])
        points = sorted(points, key=lambda named: (named[1][widest], named[0]))
        half = len(points) // 2
        node.halves = (self._build(points[:half], path), self._build(points[half:], path))
        return node


def _apart(one: Vector, other: Vector) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
