"""A rescore: which reports, under which version, how far it is. One document, one worker."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from incognita_scoring.rescoring.summary import Summary
from incognita_shared.values import Id, Moment, Value


class RescoreState(StrEnum):
    """What becomes of a rescore; nothing is changed before ``applying``."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN = (RescoreState.PREVIEWING, RescoreState.PREVIEWED, RescoreState.APPLYING)
"""While it is in one of these, no other rescore of its waves begins."""


class Rescore(Value):
    """The job as it is stored.

    ``waves`` are those whose reports it is about, of these only reports scored by ``from_version``
    if that is set. ``wave`` and ``after`` say where the running pass stands: the number of the wave
    and the last visit in it; ``found``: how many reports this pass has found. ``epoch`` grows with
    each claim: a worker that lost the job changes nothing more.
    """

    rescore_id: Id
    chain_id: Id
    waves: tuple[Id, ...]
    wave_id: Id | None
    questionnaire_id: Id
    from_version: int | None
    questionnaire_version: int
    engine_version: str
    reason: str
    author: str
    for_new_reports: bool
    state: RescoreState
    created_at: Moment
    begun_at: Moment
    """When the preview or, later, the application began."""
    applied_by: str | None = None
    finished_at: Moment | None = None
    total: int
    done: int = 0
    wave: int = 0
    after: str | None = None
    found: int = 0
    passes: int = 0
    engines: tuple[str, ...] = ()
    """Further engines that took part in applying it, as services were updated meanwhile."""
    epoch: int = 0
    failures: int = 0
    problem: str | None = None
    summary: Summary | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The job in a document, which also holds what only the queue needs."""
        fields = {name: document[name] for name in cls.model_fields if name in document}
        return cls.model_validate({**fields, "rescore_id": document["_id"]})

    def document(self) -> dict[str, Any]:
        """The document of a new job, due at once."""
        fields = self.model_dump(exclude={"rescore_id", "summary"})
        plain = {"state": self.state.value, "waves": list(self.waves), "engines": []}
        return {"_id": self.rescore_id, **fields, **plain, "open": True, "due_at": self.created_at}

    @property
    def by_engines(self) -> list[str]:
        """The engines by which a report of this job is done."""
        return [self.engine_version, *self.engines]

    def seconds_left(self, at: datetime) -> float | None:
        """At the speed so far; None where nothing is under way or nothing is done yet."""
        if self.state not in (RescoreState.PREVIEWING, RescoreState.APPLYING) or not self.done:
            return None
        elapsed = max(0.0, (at - self.begun_at).total_seconds())
        return round(elapsed / self.done * max(0, self.total - self.done), 1)
