"""What the simulator itself did: the account that the services' counts are held against."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from incognita_demo.photos import Media
from incognita_demo.plants import Plant

PHOTOS_KEPT = 200


@dataclass(slots=True)
class Entry:
    """One visit. ``completed`` counts the report revisions that the API called complete."""

    visit_id: str
    wave_id: str
    branch_id: str
    shopper_id: str
    plant: Plant
    declined: bool = False
    completed: int = 0
    missed: bool = False
    """The deadline had passed before the offer could be taken."""


@dataclass
class Ledger:
    """All visits by id, and photos already handed in, for those who reuse one."""

    visits: dict[str, Entry] = field(default_factory=dict)
    photos: deque[Media] = field(default_factory=lambda: deque(maxlen=PHOTOS_KEPT))
    uploaded_bytes: int = 0

    def completed(self) -> Iterator[Entry]:
        """The visits with a complete report."""
        return (entry for entry in self.visits.values() if entry.completed)

    def planted(self) -> Counter[Plant]:
        """How many complete reports have which fault."""
        return Counter(entry.plant for entry in self.completed())
