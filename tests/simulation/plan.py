"""What a run consists of, drawn from its seed: how many visits, workers, poison, faults."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulation.chance import Chance
from tests.simulation.faults import Weather


@dataclass(frozen=True)
class Plan:
    """A small world."""

    visits: Mapping[str, str]
    """Visit → branch."""
    steps: int
    """Steps of each visit."""
    partitions: int
    doors: int
    counters: int
    poison: int
    """Records nobody can read, on the topic of the reports."""
    repeats: int
    """Records of that topic that come once more."""
    sick: frozenset[tuple[str, int]]
    """Steps whose handling fails until an operator has mended the cause."""
    gaps: float
    oddness: float
    batch: int
    reads_ahead: bool
    """Whether the services name the documents that their handlers will read."""
    lingers: bool
    """Whether to look again after everything under way has arrived."""
    weather: Weather

    @classmethod
    def of(cls, chance: Chance) -> "Plan":
        """The plan of this seed."""
        weather = Weather.of(chance)
        steps = 1 + chance.pick(4)
        visits = {f"v{n}": f"b{n % 2}" for n in range(1 + chance.pick(4))}
        sick = {(chance.one_of(list(visits)), 1 + chance.pick(steps))}
        return cls(
            visits=visits,
            steps=steps,
            partitions=1 + chance.pick(2),
            doors=1 + chance.pick(2),
            counters=1 + chance.pick(3),
            poison=chance.pick(3) if chance.happens(0.5) else 0,
            repeats=chance.pick(3) if weather.most else 0,
            sick=frozenset(sick if chance.happens(0.15) else ()),
            gaps=chance.one_of((0.0, 0.0, 0.1)),
            oddness=0.05 if weather.most else 0.0,
            batch=chance.one_of((1, 3, 500)),
            reads_ahead=chance.happens(0.5),
            lingers=chance.happens(0.04),
            weather=weather,
        )
