"""When a failed delivery is tried again."""

from datetime import UTC, datetime

import pytest

from incognita_notification.retries import STANDARD_DELAYS_S, delay_s, retry_after_s

MOMENT = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_the_standard_schedule_makes_ten_attempts_over_about_three_days() -> None:
    waits = [delay_s(STANDARD_DELAYS_S, tries) for tries in range(1, 11)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert len(known) == 9
    for wait, planned in zip(known, STANDARD_DELAYS_S, strict=True):
        assert planned * 0.9 <= wait <= planned * 1.1


def test_the_receivers_own_wish_counts_when_it_is_longer() -> None:
    assert delay_s((5,), 1, retry_after_s=60) == 60
    assert delay_s((5,), 1, retry_after_s=10**9) == 86_400
    wait = delay_s((300,), 1, retry_after_s=1)
    assert wait is not None
    assert wait >= 270


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("Sat, 14 Mar 2026 12:01:00 GMT", 60),
        ("Sat, 14 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("9" * 400, float("9" * 12)),
        ("Sat, 99 Xxx 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_s(value, MOMENT) == seconds
