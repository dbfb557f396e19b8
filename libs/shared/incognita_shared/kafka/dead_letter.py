"""Records that no retry can mend, and the limit that keeps a bad deploy from draining a topic."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from incognita_shared.clock import now
from incognita_shared.events.codec import Record
from incognita_shared.ids import derived_id
from incognita_shared.kafka.incoming import Incoming
from incognita_shared.kafka.topics import dead_letter_topic


class DeadLetterLimitError(Exception):
    """Too many records can't be read: the fault is likelier ours than theirs."""


@dataclass(frozen=True)
class DeadLetterLimit:
    """No more than ``consecutive`` dead letters in a row, and no more than ``ratio`` of the last
    ``window`` records."""

    consecutive: int = 100
    ratio: float = 0.5
    window: int = 1_000
    row: int = 0
    recent: tuple[bool, ...] = ()

    def after(self, dead: Sequence[bool]) -> Self:
        """The limit after a batch (of each record: is it dead?). Raises DeadLetterLimitError.

        To be kept once the batch has committed: a batch tried again counts once.
        """
        if any(dead):
            return self._after_dead(dead)
        return replace(self, row=0, recent=(*self.recent, *dead)[-self.window :])

    def _after_dead(self, dead: Sequence[bool]) -> Self:
        row, recent = self.row, deque(self.recent, self.window)
        for each in dead:
            row = row + 1 if each else 0
            recent.append(each)
            if row > self.consecutive:
                raise DeadLetterLimitError(f"{row} unreadable records in a row")
            if each and len(recent) == self.window and sum(recent) > self.ratio * self.window:
                raise DeadLetterLimitError(
                    f"{sum(recent)} of the last {self.window} records are unreadable"
                )
        return replace(self, row=row, recent=tuple(recent))


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
