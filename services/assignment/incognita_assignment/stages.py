"""When the stages of a visit may be done: windows by the day at the branch, within the terms.

Days are counted from the one on which the terms open there. A stage opens at midnight of its first
day and is due when its last day ends; the first and the last are cut by the terms. A stage without
days of its own has the whole visit's time.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from incognita_shared.questionnaire.model import Stage
from incognita_shared.values import StageTerms


def has_windows(stages: Sequence[Stage]) -> bool:
    """Whether some stage has days of its own, so that the offer's day matters."""
    return any(
        each.opens_after_days is not None or each.due_after_days is not None for each in stages
    )


def misfit(stages: Sequence[Stage], opens_at: datetime, due_at: datetime) -> str | None:
    """Which stage can't be done between the two; None if all can, in whatever time zone."""
    for stage in stages:
        days = max(stage.opens_after_days or 0, stage.due_after_days or 0)
        if opens_at + timedelta(days=days) >= due_at:
            left = (due_at - opens_at) / timedelta(days=1)
            return (
                f"the stage {stage.id} needs {days} whole days and some time after them; "
                f"there are {max(left, 0):.1f}"
            )
    return None


def windows(
    stages: Sequence[Stage], *, opens_at: datetime, due_at: datetime, time_zone: str
) -> tuple[StageTerms, ...]:
    """The terms of each stage of a visit that may be done from ``opens_at`` to ``due_at``."""
    return tuple(_window(stage, opens_at, due_at, ZoneInfo(time_zone)) for stage in stages)


def _window(stage: Stage, opens_at: datetime, due_at: datetime, zone: ZoneInfo) -> StageTerms:
    first, last = stage.opens_after_days, stage.due_after_days
    opens = opens_at if first is None else max(opens_at, _midnight(opens_at, first, zone))
    due = due_at if last is None else min(due_at, _midnight(opens_at, last + 1, zone))
    return StageTerms(
        stage_id=stage.id,
        channel=stage.channel,
        opens_at=opens if opens < due else opens_at,
        due_at=due,
    )


def _midnight(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The beginning of the day so many days after the moment's own, there."""
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, tzinfo=zone)
