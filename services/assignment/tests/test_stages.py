"""Windows of stages: whole days at the branch, within the terms."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.stages import has_windows, misfit, windows
from incognita_shared.questionnaire.model import Stage

NOON = datetime(2026, 3, 6, 17, tzinfo=UTC)  # noon in Detroit, two days before its clocks change


def stage(name: str, opens: int | None = None, due: int | None = None) -> Stage:
    return Stage(
        id=name, title={"en": name}, channel="visit", opens_after_days=opens, due_after_days=due
    )


def test_days_begin_and_end_at_midnight_at_the_branch() -> None:
    end = NOON + timedelta(days=20)
    book, stay, after = windows(
        [stage("book", due=1), stage("stay", 2, 3), stage("after", opens=3)],
        opens_at=NOON,
        due_at=end,
        time_zone="America/Detroit",
    )
    assert (book.opens_at, book.due_at) == (NOON, datetime(2026, 3, 8, 5, tzinfo=UTC))
    assert stay.opens_at == datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert stay.due_at == datetime(2026, 3, 10, 4, tzinfo=UTC)  # summer time since the 8th
    assert (after.opens_at, after.due_at) == (datetime(2026, 3, 9, 4, tzinfo=UTC), end)


def test_the_same_day_is_another_one_elsewhere() -> None:
    late = datetime(2026, 6, 1, 22, tzinfo=UTC)
    far = [
        windows([stage("a", 1)], opens_at=late, due_at=late + timedelta(days=9), time_zone=zone)[0]
        for zone in ("Europe/Paris", "America/New_York")
    ]
    assert far[0].opens_at == datetime(2026, 6, 2, 22, tzinfo=UTC)
    assert far[1].opens_at == datetime(2026, 6, 2, 4, tzinfo=UTC)


def test_a_stage_without_days_has_the_whole_visits_time() -> None:
    assert not has_windows([stage("a")])
    (only,) = windows(
        [stage("a")], opens_at=NOON, due_at=NOON + timedelta(hours=1), time_zone="UTC"
    )
    assert (only.opens_at, only.due_at) == (NOON, NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("opens", "due", "hours", "fits"),
    [
        (None, None, 1, True),
        (0, 0, 1, True),
        (1, None, 24, False),
        (1, None, 25, True),
        (None, 2, 48, False),
        (None, 2, 49, True),
    ],
)
def test_a_stage_needs_its_days_and_some_time_after_them(
    opens: int | None, due: int | None, hours: int, fits: bool
) -> None:
    cause = misfit([stage("pay", opens, due)], NOON, NOON + timedelta(hours=hours))
    assert (cause is None) == fits
    assert cause is None or "stage pay" in cause


moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
zones = st.sampled_from(
    ["UTC", "America/Detroit", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
)


@given(
    opens_at=moments,
    length=st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=60)),
    first=st.none() | st.integers(0, 60),
    more=st.none() | st.integers(0, 60),
    zone=zones,
)
def test_every_window_is_open_for_some_time_and_lies_within_the_terms(
    opens_at: datetime, length: timedelta, first: int | None, more: int | None, zone: str
) -> None:
    last = None if more is None else (first or 0) + more
    due_at = opens_at + length
    wanted = [stage("a", first, last)]
    (window,) = windows(wanted, opens_at=opens_at, due_at=due_at, time_zone=zone)
    assert opens_at <= window.opens_at < window.due_at <= due_at
    if first and misfit(wanted, opens_at, due_at) is None:
        assert window.opens_at > opens_at or first == 0
