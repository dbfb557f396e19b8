"""Which faults a run gets, and when: decided by the seed, at every call to a server."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.chance import Chance
from tests.simulation.loop import STARTED, Process, SimulatedLoop
from tests.simulation.network import Fate

_COMMON = (
    Fate.CRASH_BEFORE, Fate.CRASH_AFTER, Fate.LOST_REQUEST, Fate.LOST_ANSWER, Fate.LOST_ANSWER,
    Fate.LATE, Fate.SLOW,
)  # fmt: skip


@dataclass(frozen=True)
class Weather:
    """How rough a run is."""

    most: int
    """Faults in all."""
    rate: float
    """How often a call is struck, as long as there are faults left."""
    until_s: float
    """No fault later than this; then everything has to recover."""

    @classmethod
    def of(cls, chance: Chance) -> "Weather":
        """Every tenth run is calm: nothing must be said twice in it."""
        if chance.happens(0.1):
            return cls(0, 0.0, 0.0)
        return cls(1 + chance.pick(8), chance.one_of((0.01, 0.03, 0.1)), chance.between(2, 20))


class Storm:
    """Strikes, while there is something left to strike with."""

    def __init__(
        self,
        loop: SimulatedLoop,
        chance: Chance,
        weather: Weather,
        *,
        on_crash: Callable[[Process], None],
        on_stop: Callable[[Process], None],
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._weather = weather
        self._left = weather.most
        self._on_crash = on_crash
        self._on_stop = on_stop
        self._down: dict[str, float] = {}
        self.last = STARTED

    @property
    def calm(self) -> bool:
        """Whether this run has no faults at all."""
        return self._weather.most == 0

    @property
    def over(self) -> bool:
        """Whether nothing can happen any more."""
        return self._left <= 0 or self._loop.time() - STARTED > self._weather.until_s

    def fate_of(self, process: Process, server: str, what: str) -> Fate | None:
        """What is to become of this call."""
        if process is self._loop.world:
            return None
        if self._down.get(server, 0.0) > self._loop.time():
            return Fate.LOST_REQUEST
        if self._left <= 0 or self._chance.uniform() >= self._weather.rate:
            return None
        if self._loop.time() - STARTED > self._weather.until_s:
            return None
        return self._strike(process, server, what)

    def _strike(self, process: Process, server: str, what: str) -> Fate | None:
        self._left -= 1
        self.last = self._loop.time()
        draw = self._chance.uniform()
        if draw < 0.15:
            for_s = self._chance.one_of((0.5, 4.0, 10.0))
            self._note(process, f"stopped for {for_s} s at {server} {what}")
            self._loop.pause(process)
            self._loop.in_world(for_s, self._resume, process)
            self.last += for_s
            return None
        if draw < 0.22:
            for_s = self._chance.one_of((0.5, 3.0, 8.0))
            self._down[server] = self._loop.time() + for_s
            self._note(process, f"{server} away for {for_s} s at {what}")
            self.last += for_s
            return Fate.LOST_REQUEST
        if draw < 0.27:
            process.skew_s = self._chance.between(-15, 15)
            self._note(process, f"clock off by {process.skew_s:.1f} s")
            return None
        if draw < 0.35:
            self._note(process, "is asked to end")
            self._on_stop(process)
            return None
        fate = self._chance.one_of(_COMMON)
        self._note(process, f"{fate.name.lower().replace('_', ' ')} at {server} {what}")
        return fate

    def _resume(self, process: Process) -> None:
        self._note(process, "goes on")
        self._loop.resume(process)

    def crash(self, process: Process) -> None:
        """End it now."""
        self._loop.crash(process)
        self._on_crash(process)

    def late_commit(self) -> float:
        """0 for an ordinary commit; else its time runs out, below 0.5 before it happens."""
        if self.over or not self._chance.happens(self._weather.rate):
            return 0.0
        self._left -= 1
        self.last = self._loop.time()
        draw = 0.001 + self._chance.uniform() * 0.99
        self._chance.note("store", f"commit out of time, {'after' if draw >= 0.5 else 'before'} it")
        return draw

    def _note(self, process: Process, what: str) -> None:
        self._chance.note(process.name, what)
