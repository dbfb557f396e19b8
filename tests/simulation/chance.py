"""The one source of chance of a run, and the record of what it decided."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Decisions by seed. ``noted`` holds the notable ones in order, for a replay's account."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = random.Random(seed)
        self.uniform: Callable[[], float] = self._random.random
        self.noted: list[tuple[float, str, str]] = []
        self.clock: Callable[[], float] = lambda: 0.0

    def pick(self, count: int) -> int:
        """A number below ``count``."""
        return int(self.uniform() * count)

    def one_of(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.pick(len(things))]

    def happens(self, probability: float) -> bool:
        """Whether it does."""
        return self.uniform() < probability

    def between(self, low: float, high: float) -> float:
        """A number between the two."""
        return low + (high - low) * self.uniform()

    def note(self, who: str, what: str) -> None:
        """Keep the decision for the account."""
        self.noted.append((self.clock(), who, what))
