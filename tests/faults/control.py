"""What the runner tells one worker while it runs: where to die, and what its clock shall show."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTROL = "FAULTS_CONTROL"
"""The variable that names a worker's control file."""


@dataclass(frozen=True)
class Orders:
    """``point``: a name of ``points.POINTS``; ``nth``: at which passing of it; ``stop``: to stand
    still there, not to die; ``clock_s``: how far the wall clock is off."""

    point: str | None = None
    nth: int = 1
    stop: bool = False
    clock_s: float = 0.0


class Control:
    """A small file, replaced as a whole, so that it is never read half written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Orders:
        """What holds now; nothing is ordered where there is no file."""
        with suppress(FileNotFoundError):
            return Orders(**json.loads(self.path.read_text(encoding="utf-8")))
        return Orders()

    def arm(self, point: str, nth: int, *, stop: bool = False) -> None:
        """Die, or stand still, at the ``nth`` passing of the point."""
        self._change(point=point, nth=nth, stop=stop)

    def disarm(self) -> None:
        """Do not die; the clock stays as it is."""
        self._change(point=None, nth=1, stop=False)

    def shift_clock(self, seconds: float) -> None:
        """Let the wall clock be so far off."""
        self._change(clock_s=seconds)

    def clear(self) -> None:
        """Order nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)

    def reached(self, point: str) -> None:
        """Said by the worker, just before it dies there; it is not to die again."""
        with self._deaths.open("a", encoding="utf-8") as deaths:
            deaths.write(f"{point}\n")
        self.disarm()

    @property
    def deaths(self) -> list[str]:
        """The points at which workers with this file have died."""
        with suppress(FileNotFoundError):
            return self._deaths.read_text(encoding="utf-8").splitlines()
        return []

    @property
    def _deaths(self) -> Path:
        return self.path.with_suffix(".deaths")

    def _change(self, **changes: Any) -> None:
        orders = {**self.read().__dict__, **changes}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(orders), encoding="utf-8")
        fresh.replace(self.path)
