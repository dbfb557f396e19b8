"""Results and sums as the events of one batch leave them, so that no event reads them again.

A read of what the batch has written would send all its writes first: a round trip for each visit,
where a batch of 500 needs but a few.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from incognita_shared.mongo.work import Work

Document = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """By id. ``sums``: what counts for a branch in a wave."""

    work: Work
    results: dict[str, Document | None] = field(default_factory=dict)
    sums: dict[str, Document] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)

    def keep(self, result: Document) -> None:
        """The batch writes the whole result."""
        self.results[result["_id"]] = result
        self._kept.add(result["_id"])

    def is_kept(self, result: Mapping[str, Any]) -> bool:
        """Whether the batch writes the whole result."""
        return result["_id"] in self._kept


class _Latest:
    """One batch is handled at a time; a new ``Work`` means that nothing read before holds."""

    def __init__(self) -> None:
        self._batch: Batch | None = None

    def of(self, work: Work) -> Batch:
        if self._batch is None or self._batch.work is not work:
            self._batch = Batch(work)
        return self._batch


batch_of = _Latest().of
