"""Readiness by real progress: a part that stops saying it moves makes the service not ready."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class _Part:
    within_s: float
    last_beat: float


class Health:
    """What the parts of a process say about themselves. Used from the event loop only."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self._failures: dict[str, str] = {}
        self._stopping = False

    def expect(self, name: str, within_s: float) -> None:
        """From now on ``name`` must beat at least every ``within_s`` seconds."""
        self._parts[name] = _Part(within_s, time.monotonic())

    def forget(self, name: str) -> None:
        """``name`` has ended as it should."""
        self._parts.pop(name, None)
        self._failures.pop(name, None)

    def beat(self, name: str) -> None:
        """``name`` has just made progress, which also ends its failure."""
        part = self._parts.get(name)
        if part is not None:
            part.last_beat = time.monotonic()
        self._failures.pop(name, None)

    def fail(self, name: str, why: str) -> None:
        """``name`` can't work for the reason ``why``, until it beats again or is cleared."""
        self._failures[name] = why

    def clear(self, name: str) -> None:
        """``name`` works again."""
        self._failures.pop(name, None)

    def stop(self) -> None:
        """The process is on its way out: never ready again."""
        self._stopping = True

    def problems(self) -> dict[str, str]:
        """Name → cause for every part that isn't well; empty when ready."""
        moment = time.monotonic()
        causes = {
            name: f"no progress for {moment - part.last_beat:.0f} s"
            for name, part in self._parts.items()
            if moment - part.last_beat > part.within_s
        }
        causes.update(self._failures)
        if self._stopping:
            causes["process"] = "stopping"
        return causes

    @property
    def ready(self) -> bool:
        """Whether requests and records should come this way."""
        return not self.problems()
