"""Cursors of lists that are in order of moments."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from incognita_scoring.repository.reviews import Place
from incognita_shared.pagination import decode_cursor
from incognita_shared.problems import Invalid, field_error

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NEVER = -1


def milliseconds(moment: datetime) -> int:
    """Since 1970, as MongoDB keeps moments."""
    return (moment - _EPOCH) // _MILLISECOND


def place_of(document: Mapping[str, Any]) -> tuple[int, int, str]:
    """A report's place in the queue, as a cursor holds it."""
    decide_by = document.get("decide_by")
    first = _NEVER if decide_by is None else milliseconds(decide_by)
    return first, milliseconds(document["opened_at"]), document["_id"]


def after_place(cursor: str | None) -> Place | None:
    """The place that the cursor holds. Raises Invalid for what was never given."""
    key = decode_cursor(cursor, int, int, str)
    if key is None:
        return None
    decide_by, opened_at, visit_id = key
    return None if decide_by == _NEVER else moment_of(decide_by), moment_of(opened_at), visit_id


def moment_of(since_epoch: int) -> datetime:
    """The moment. Raises Invalid where the calendar has no such one."""
    try:
        return _EPOCH + since_epoch * _MILLISECOND
    except OverflowError:
        cause = "not a cursor of this list: pass `next_cursor` of the page before, unchanged"
        raise Invalid(
            "The cursor can't be read", errors=[field_error("query.cursor", cause)]
        ) from None
