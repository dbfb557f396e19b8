"""Which faults come when: a pure function of the seed, so that a run can be repeated."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from incognita_local.services import NAMES
from tests.faults.points import CLAIMING, POINTS

FIRST_AFTER_S, LAST_BEFORE_S = 3.0, 8.0
"""The load runs before anything breaks, and a little while after everything is whole again."""


class Needs(StrEnum):
    """What a fault can't do without."""

    SERVICES = "services"
    SERVERS = "servers that may be broken"
    PROXIES = "proxies before the servers"
    ROOT = "a small disk of its own"


@dataclass(frozen=True)
class Kind:
    """``weight``: how often, beside the others. ``lasts_s``: least and most. ``on``: what."""

    needs: Needs
    weight: int
    lasts_s: tuple[float, float]
    on: tuple[str, ...]


SERVERS = ("kafka", "mongo", "minio")
TOPICS = ("assignment.events.v1", "evidence.events.v1", "scoring.events.v1")
KINDS = {
    "kill": Kind(Needs.SERVICES, 10, (0.5, 2), NAMES),
    "point": Kind(Needs.SERVICES, 14, (6, 10), tuple(POINTS)),
    "zombie": Kind(
        Needs.SERVICES, 4, (8, 10), tuple(name for name in POINTS if name not in CLAIMING)
    ),
    "stop": Kind(Needs.SERVICES, 5, (7, 10), NAMES),
    "restart": Kind(Needs.SERVICES, 3, (1, 2), NAMES),
    "roll": Kind(Needs.SERVICES, 1, (5, 10), ("all",)),
    "scale": Kind(Needs.SERVICES, 3, (5, 9), NAMES),
    "clock": Kind(Needs.SERVICES, 3, (4, 10), NAMES),
    "duplicate": Kind(Needs.SERVICES, 4, (0.5, 1), TOPICS),
    "reorder": Kind(Needs.SERVICES, 3, (0.5, 1), TOPICS),
    "poison": Kind(Needs.SERVICES, 3, (0.5, 1), TOPICS),
    "oversized": Kind(Needs.SERVICES, 1, (0.5, 1), TOPICS),
    "old": Kind(Needs.SERVICES, 2, (0.5, 1), TOPICS),
    "kafka kill": Kind(Needs.SERVERS, 2, (1, 4), ("kafka",)),
    "mongo kill": Kind(Needs.SERVERS, 3, (2, 6), ("mongo",)),
    "mongo step-down": Kind(Needs.SERVERS, 3, (2, 4), ("mongo",)),
    "mongo commit errors": Kind(Needs.SERVERS, 3, (1, 2), ("mongo",)),
    "minio kill": Kind(Needs.SERVERS, 3, (2, 6), ("minio",)),
    "cut": Kind(Needs.PROXIES, 3, (1, 6), SERVERS),
    "silence": Kind(Needs.PROXIES, 2, (2, 6), SERVERS),
    "latency": Kind(Needs.PROXIES, 3, (3, 8), SERVERS),
    "reset": Kind(Needs.PROXIES, 3, (0.5, 1), SERVERS),
    "full disk": Kind(Needs.ROOT, 2, (3, 6), ("mongo", "minio")),
}


@dataclass(frozen=True)
class Fault:
    """``draw`` (0 to below 1) decides what else is left open: which worker, how much."""

    at_s: float
    kind: str
    target: str
    lasts_s: float
    draw: float

    def __str__(self) -> str:
        return f"{self.at_s:6.1f} s  {self.kind:<20} {self.target}, {self.lasts_s:.1f} s"


def schedule(
    seed: int, *, duration_s: float, kinds: Collection[str] = tuple(KINDS)
) -> Sequence[Fault]:
    """The faults of a run, in order. Raises KeyError for a kind that there is not.

    Faults come one to five seconds after one another, so that some overlap. What comes is drawn
    from all kinds before those that are not wanted are left out, so that ``kinds`` thins a schedule
    instead of making another one.
    """
    wanted = {name: KINDS[name] for name in kinds}
    rng = random.Random(f"schedule {seed}")
    names = list(KINDS) if len(wanted) > len(KINDS) // 2 else [*wanted]
    weights = [KINDS[name].weight for name in names]
    faults: list[Fault] = []
    at_s = FIRST_AFTER_S
    while True:
        at_s += rng.uniform(1, 5)
        [name] = rng.choices(names, weights)
        kind = KINDS[name]
        fault = Fault(
            at_s, name, rng.choice(kind.on), round(rng.uniform(*kind.lasts_s), 1), rng.random()
        )
        if at_s > duration_s - LAST_BEFORE_S:
            return tuple(faults)
        if name in wanted and at_s + fault.lasts_s < duration_s - 2:
            faults.append(fault)


def provocation(
    seed: int, *, duration_s: float, aims: Sequence[tuple[str, str]], every_s: float = 3.0
) -> Sequence[Fault]:
    """Only these faults (kind, target), in turn, as often as there is time for."""
    rng = random.Random(f"provocation {seed}")
    faults: list[Fault] = []
    at_s = FIRST_AFTER_S
    while aims and at_s < duration_s - LAST_BEFORE_S:
        kind, target = aims[len(faults) % len(aims)]
        lasts_s = round(rng.uniform(*KINDS[kind].lasts_s), 1)
        faults.append(Fault(at_s, kind, target, lasts_s, rng.random()))
        at_s += every_s
    return tuple(faults)
