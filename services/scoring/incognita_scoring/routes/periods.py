"""The period that a statistic is of."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from incognita_scoring.quality import Period
from incognita_shared.clock import now
from incognita_shared.problems import Invalid, field_error

USUAL = timedelta(days=90)
LONGEST = timedelta(days=366)


async def period(
    since: Annotated[
        AwareDatetime | None, Query(description="From this moment; 90 days before `until`")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(description="To before this moment; now")] = None,
) -> Period:
    """The period, of a year at most. Raises Invalid."""
    end = until or now()
    try:
        found = Period(since=since or end - USUAL, until=end)
    except (ValueError, OverflowError):
        raise _refused("must lie in the years 1970 to 2199") from None
    if not timedelta(0) < found.until - found.since <= LONGEST:
        raise _refused(f"must lie before `until`, by {LONGEST.days} days at most")
    return found


def _refused(cause: str) -> Invalid:
    return Invalid("Not a period", errors=[field_error("query.since", cause)])


InPeriod = Annotated[Period, Depends(period)]
