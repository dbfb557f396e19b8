"""All that stores and topics hold about one visit, side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from incognitactl.verify.ledger import Kind
from incognitactl.verify.words import Said

ENDED = frozenset({"cancelled", "expired", "declined"})
COMPLETED = "completed"


class Dossier:
    """One visit (or entry of the catalog). What a store does not have is None or empty."""

    def __init__(self, subject: str, facts: Mapping[Kind, Sequence[Any]]) -> None:
        self.subject = subject
        self._facts = facts
        self.records = [Said(*record) for record in facts.get(Kind.RECORD, ())]

    def one(self, kind: Kind) -> Any | None:
        """The fact of this kind, where there can be only one."""
        found = self._facts.get(kind)
        return found[0] if found else None

    def all(self, kind: Kind) -> Sequence[Any]:
        """Every fact of this kind."""
        return self._facts.get(kind, ())

    @property
    def place(self) -> Mapping[str, str] | None:
        """Chain, branch and wave, by whichever store knows the visit."""
        for kind in (Kind.VISIT, Kind.REPORT, Kind.SCORE, Kind.RESULT):
            if (found := self.one(kind)) is not None:
                place: Mapping[str, str] = found
                return place
        return None

    @property
    def completed(self) -> int:
        """How many revisions of the report have been completed."""
        report = self.one(Kind.REPORT)
        if report is None:
            return 0
        revision: int = report["revision"]
        return revision if report["state"] == COMPLETED else revision - 1
