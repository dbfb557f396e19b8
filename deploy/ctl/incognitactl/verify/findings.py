"""Gathers what is wrong: one line for each kind of fault, however many things have it."""

from collections import Counter
from dataclasses import dataclass, field

from incognitactl.verify.known import Verdict, Violation

MOST_NAMED = 5


@dataclass
class Findings:
    """Memory is bounded by the number of kinds of faults."""

    counts: Counter[str] = field(default_factory=Counter)
    _checked: Counter[int] = field(default_factory=Counter)
    _faults: Counter[tuple[int, str]] = field(default_factory=Counter)
    _named: dict[tuple[int, str], list[str]] = field(default_factory=dict)

    def checked(self, invariant: int, things: int = 1) -> None:
        """So many things were held against the invariant."""
        self._checked[invariant] += things

    def add(self, invariant: int, what: str, name: str = "") -> None:
        """``what`` is wrong with the thing of this name (an id, or id and detail)."""
        kind = (invariant, what)
        self._faults[kind] += 1
        named = self._named.setdefault(kind, [])
        if name and len(named) < MOST_NAMED:
            named.append(name)

    def verdict(self) -> Verdict:
        """All of it, by invariant."""
        violations = tuple(
            Violation(invariant, self._line(invariant, what, number))
            for (invariant, what), number in sorted(self._faults.items())
        )
        return Verdict(violations, dict(sorted(self.counts.items())), dict(self._checked))

    def _line(self, invariant: int, what: str, number: int) -> str:
        named = self._named[invariant, what]
        if not named:
            return what
        more = ", …" if number > len(named) else ""
        return f"{what}: {number} ({', '.join(named)}{more})"
