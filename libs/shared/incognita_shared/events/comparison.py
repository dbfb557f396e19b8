"""Events of the comparison service: who is where, and who must act."""

from typing import Annotated, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event, VisitEvent
from incognita_shared.values import Exact, Moment

EVENTS = "comparison.events.v1"


class StandingChanged(VisitEvent):
    """An approved visit moved its branch; ``mean_score`` is the raw mean of its approved scores."""

    noun: ClassVar[str] = "standing"
    verb: ClassVar[str] = "changed"
    topic: ClassVar[str] = EVENTS

    visits: Annotated[int, Field(ge=0)]
    mean_score: Exact | None
    visit_score: Exact | None
    changed_at: Moment


class BranchAlerted(VisitEvent):
    """A branch failed a critical item or missed the pass mark."""

    noun: ClassVar[str] = "branch"
    verb: ClassVar[str] = "alerted"
    topic: ClassVar[str] = EVENTS

    visit_score: Exact | None
    critical_failed: tuple[str, ...]
    alerted_at: Moment


COMPARISON_EVENTS: tuple[type[Event], ...] = (StandingChanged, BranchAlerted)
