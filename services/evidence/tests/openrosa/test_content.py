"""What a form claims, within what a report can hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from incognita_evidence.openrosa.content import content_of
from incognita_shared.problems import TooLarge
from incognita_xlsform.claims import Claims

CAME = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOUND = {"started_at": "2026-05-04T12:00:00.000+02:00", "ended_at": "2026-05-04T12:30:00.500+02:00"}


def content(**claimed: Any) -> tuple[Any, list[str]]:
    made, doubts = content_of(Claims(**SOUND | claimed), stage_id=None, at=CAME)
    return made, [each.code for each in doubts]


def test_times_are_those_of_the_form() -> None:
    made, doubts = content()
    assert made.started_at == datetime(2026, 5, 4, 10, tzinfo=UTC)
    assert made.ended_at - made.started_at == timedelta(minutes=30, milliseconds=500)
    assert doubts == []


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        (None, None, (CAME, CAME)),
        ("no time", SOUND["ended_at"], None),
        (SOUND["started_at"], "1970-01-01T00:00:00Z", None),
        (SOUND["started_at"], "2026-05-04T12:30:00", None),
        (SOUND["ended_at"], SOUND["started_at"], None),
        ("2090-01-01T00:00:00Z", None, (CAME, CAME)),
    ],
)
def test_times_of_no_use_are_found_and_never_run_backwards(
    started: str | None, ended: str | None, expected: Any
) -> None:
    made, doubts = content(started_at=started, ended_at=ended)
    assert doubts == ["clock_wrong"]
    assert made.started_at <= made.ended_at
    if expected:
        assert (made.started_at, made.ended_at) == expected


def test_a_text_that_is_too_long_is_still_too_long_and_no_longer() -> None:
    made, _ = content(answers={"remark": "x" * 50_000, "rows": [{"remark": "y" * 50_000}]})
    assert len(made.answers["remark"]) == 10_001
    assert len(made.answers["rows"][0]["remark"]) == 10_001


def test_many_long_texts_are_cut_shorter_and_too_many_refused() -> None:
    made, _ = content(answers={f"q{number}": "x" * 9_000 for number in range(100)})
    assert {len(text) for text in made.answers.values()} == {500}
    with pytest.raises(TooLarge):
        content(answers={f"q{number}": "x" * 9_000 for number in range(900)})


def test_a_position_outside_of_the_world_is_none() -> None:
    assert content(position={"latitude": 91.0, "longitude": 0.0})[0].position is None
    assert content(position={"latitude": 45.0, "longitude": 9.0})[0].position is not None
