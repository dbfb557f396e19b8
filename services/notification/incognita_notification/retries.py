"""When a delivery that failed is tried again. Pure, but for the dice."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

STANDARD_DELAYS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The example of the Standard Webhooks specification: after the first attempt, which is made at
once, nine more over about three days."""

JITTER = 0.1
LONGEST_RETRY_AFTER_S = 86_400.0


def delay_s(
    delays_s: Sequence[float], tries: int, *, retry_after_s: float | None = None
) -> float | None:
    """Seconds to wait after ``tries`` failed attempts, or None when none is left.

    Spread by a tenth to either side, so that a receiver that comes back does not meet all at once;
    never less than the receiver asked for by ``Retry-After``.
    """
    if tries > len(delays_s):
        return None
    spread = delays_s[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (no secret)
    return max(spread, min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))


def retry_after_s(value: str | None, moment: datetime) -> float | None:
    """What a ``Retry-After`` header asks for, in seconds: a number or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - moment).total_seconds())
