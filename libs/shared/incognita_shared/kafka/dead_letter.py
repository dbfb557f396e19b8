"""Records that no retry can mend, and the limit that keeps a bad deploy from draining a topic."""

from collections import deque
from dataclasses import dataclass, field

from incognita_shared.clock import now
from incognita_shared.events.codec import Record
from incognita_shared.ids import derived_id
from incognita_shared.kafka.incoming import Incoming
from incognita_shared.kafka.topics import dead_letter_topic


class DeadLetterLimitError(Exception):
    """Too many records can't be read: the fault is likelier ours than theirs."""


@dataclass
class DeadLetterLimit:
    """Stops after ``consecutive`` dead letters in a row, or when more than ``ratio`` of the last
    ``window`` records were dead."""

    consecutive: int = 100
    ratio: float = 0.5
    window: int = 1_000
    _row: int = 0
    _recent: deque[bool] = field(default_factory=deque)

    def count(self, *, dead: bool) -> None:
        """Count one record. Raises DeadLetterLimitError when the limit is passed."""
        self._row = self._row + 1 if dead else 0
        self._recent.append(dead)
        if len(self._recent) > self.window:
            self._recent.popleft()
        if self._row > self.consecutive:
            raise DeadLetterLimitError(f"{self._row} unreadable records in a row")
        if len(self._recent) == self.window and sum(self._recent) > self.ratio * self.window:
            raise DeadLetterLimitError(
                f"{sum(self._recent)} of the last {self.window} records are unreadable"
            )


def dead_letter(record: Incoming, *, consumer: str, reason: str) -> Record:
    """The record as it came, with where it came from and why it was refused in its headers."""
    said = {
        "dlq_source_topic": record.source.topic,
        "dlq_source_partition": str(record.source.partition),
        "dlq_source_offset": str(record.offset),
        "dlq_consumer": consumer,
        "dlq_reason": reason[:1_000],
        "dlq_time": now().isoformat(),
    }
    return Record(
        id=derived_id("dead letter", consumer, str(record.source), str(record.offset)),
        subject=f"{record.source}:{record.offset}",
        topic=dead_letter_topic(record.source.topic, consumer),
        key=record.key,
        value=record.value,
        headers=(
            *record.headers,
            *((name, value.encode()) for name, value in said.items()),
        ),
    )
