"""The current time, in the one form that every store and event can keep."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC in whole milliseconds: MongoDB keeps no more, so what is read equals what was made."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
