"""The day of an order in its client's time zone."""

from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812 - a type
from zoneinfo import ZoneInfo

from incognita_comparison.offline.cells import SECONDS_A_DAY, days_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = Date(1970, 1, 1)
ISO_DAY = 10
COMPACT_DAY = 8


def day_of(text: str, zone: ZoneInfo, date_format: str | None = None) -> int:
    """Days since 1970 of the day on which it was, for who lives in ``zone``.

    A time with an offset is brought there; one without is taken as the zone's own. ISO 8601,
    20260131, 2026/01/31, 31.01.2026, or as ``date_format`` says. Raises BadCell.
    """
    bare = text.strip()
    if date_format is None and len(bare) == COMPACT_DAY and bare.isdecimal():
        bare = f"{bare[:4]}-{bare[4:6]}-{bare[6:]}"
    days = days_of(bare, date_format)
    if not _has_offset(bare, date_format):
        return int(days // 1)
    moment = EPOCH + timedelta(seconds=round(days * SECONDS_A_DAY, 3))
    return (moment.astimezone(zone).date() - FIRST_DAY).days


def _has_offset(bare: str, date_format: str | None) -> bool:
    if date_format is not None:
        return "%z" in date_format
    after = bare[ISO_DAY:]
    return bare.endswith(("Z", "z")) or "+" in after or "-" in after
