"""The events of the small pipeline: a visit is reported step by step, counted, summed up."""

from typing import ClassVar

from incognita_shared.events.envelope import Event

REPORTS, COUNTS = "door.events.v1", "counter.events.v1"


class Reported(Event):
    """One more step of a visit; ``seq`` from 1 without gaps, per visit."""

    noun: ClassVar[str] = "step"
    verb: ClassVar[str] = "reported"
    topic: ClassVar[str] = REPORTS

    visit_id: str
    branch_id: str
    seq: int
    points: int

    @property
    def key(self) -> str:
        return self.branch_id

    @property
    def subject(self) -> str:
        return self.visit_id


class Counted(Event):
    """A step was counted, or the count was looked through; ``seq`` per visit."""

    noun: ClassVar[str] = "step"
    verb: ClassVar[str] = "counted"
    topic: ClassVar[str] = COUNTS

    visit_id: str
    branch_id: str
    seq: int
    points: int

    @property
    def key(self) -> str:
        return self.branch_id

    @property
    def subject(self) -> str:
        return self.visit_id


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
