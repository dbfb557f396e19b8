"""What the checker is told and what it answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

INVARIANTS: Mapping[int, str] = {
    1: "each accepted report is once in each stage's store",
    2: "sums per branch and wave equal those of the approved scores",
    3: "first copies are in sequence per visit, without gaps",
    4: "the events on each topic are those that the stores stand for",
    5: "the dead letters are exactly the poison",
    6: "outbox, pending and parking are empty, checkpoints at the ends",
    7: "what was answered with 2xx is there; a key has one answer",
    8: "each evidence item has an object of its SHA-256 and size",
    9: "everything settled within 15 s of the last fault",
    10: "each webhook arrived, with a valid signature",
}


@dataclass(frozen=True)
class Known:
    """What only an observer outside knows; each part may be left out.

    ``accepted``: visit → the newest report revision that was answered with 2xx as completed.
    ``uncertain``: visits whose last answer was a time-out or a cut: either is right.
    ``answers``: Idempotency-Key → SHA-256 of each final 2xx answer's canonical JSON.
    ``poison``: (topic without namespace, partition, offset) of each record that cannot be read.
    ``injected``: ids of well-formed events that no service said; a duplicate has one that exists.
    ``webhooks``: (webhook-id, whether its signature was valid) as received; None: nobody listened.
    ``recovered_within_s``: from the last fault until everything had settled.
    """

    accepted: Mapping[str, int] = field(default_factory=dict)
    uncertain: Collection[str] = ()
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    poison: Collection[tuple[str, int, int]] = ()
    injected: Collection[str] = ()
    webhooks: Sequence[tuple[str, bool]] | None = None
    recovered_within_s: float | None = None

    @classmethod
    def read(cls, path: Path) -> "Known":
        """From a file that ``write`` made. Raises OSError, ValueError, TypeError, KeyError."""
        said = orjson.loads(path.read_bytes())
        webhooks = said.get("webhooks")
        return cls(
            accepted=dict(said.get("accepted", {})),
            uncertain=frozenset(said.get("uncertain", ())),
            answers=dict(said.get("answers", {})),
            poison=frozenset((topic, at, offset) for topic, at, offset in said.get("poison", ())),
            injected=frozenset(said.get("injected", ())),
            webhooks=None if webhooks is None else [(one, valid) for one, valid in webhooks],
            recovered_within_s=said.get("recovered_within_s"),
        )

    def write(self, path: Path) -> None:
        """As JSON."""
        said = asdict(self)
        for name in ("uncertain", "poison", "injected"):
            said[name] = sorted(said[name])
        path.write_bytes(orjson.dumps(said))


@dataclass(frozen=True)
class Violation:
    """``what`` names service, collection or topic, some ids and how many there are."""

    invariant: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """``counts``: what was read, by name. ``checked``: invariant → how many things were held
    against it; one that is missing had nothing to be checked with."""

    violations: tuple[Violation, ...]
    counts: Mapping[str, int]
    checked: Mapping[int, int]
