"""The events of the small pipeline: a visit is reported step by step, counted, summed up."""

from typing import ClassVar

from incognita_shared.events.envelope import Event, VisitEvent

REPORTS, COUNTS = "door.events.v1", "counter.events.v1"


class OfVisit(VisitEvent):
    """Of one step of a visit. There are no waves here."""

    wave_id: str = "wave"
    points: int


class Reported(OfVisit):
    """One more step of a visit."""

    noun: ClassVar[str] = "step"
    verb: ClassVar[str] = "reported"
    topic: ClassVar[str] = REPORTS


class Counted(OfVisit):
    """A step was counted, or the count was looked through."""

    noun: ClassVar[str] = "step"
    verb: ClassVar[str] = "counted"
    topic: ClassVar[str] = COUNTS


class Totalled(Event):
    """A branch's new sum; ``seq`` per branch, which is also its number of steps."""

    noun: ClassVar[str] = "branch"
    verb: ClassVar[str] = "totalled"
    topic: ClassVar[str] = COUNTS

    branch_id: str
    seq: int
    points: int

    @property
    def key(self) -> str:
        return self.branch_id

    @property
    def subject(self) -> str:
        return self.branch_id
