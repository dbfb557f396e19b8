"""Opening hours in their two written forms."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.opening_hours import WEEKDAYS, parse_opening_hours

NINE_TO_FIVE = (("09:00", "17:30"),)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mo-Fr 09:00-17:30", dict.fromkeys(WEEKDAYS[:5], NINE_TO_FIVE)),
        ("mo,We 9:00-17:30;", {"mon": NINE_TO_FIVE, "wed": NINE_TO_FIVE}),
        ("Mon-Tue 09:00-17:30; Tue off", {"mon": NINE_TO_FIVE}),
        ("Sa-Mo 22:00-02:00", dict.fromkeys(("sat", "sun", "mon"), (("22:00", "02:00"),))),
        ("Su 15:00-20:00, 10:00-12:00", {"sun": (("10:00", "12:00"), ("15:00", "20:00"))}),
        ("10:00-24:00", dict.fromkeys(WEEKDAYS, (("10:00", "24:00"),))),
        ("24/7", dict.fromkeys(WEEKDAYS, (("00:00", "24:00"),))),
        ('{"mon": [["09:00", "17:30"]]}', {"mon": NINE_TO_FIVE}),
    ],
)
def test_each_form_is_read(text: str, hours: object) -> None:
    assert parse_opening_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("whenever", "is not like"),
        ("Mo 9-5", "is not like 09:00-17:30"),
        ("Mo 25:00-26:00", "is not like 09:00-17:30"),
        ("Xy 09:00-10:00", "is not a weekday"),
        ("Mo 09:00-09:00", "is empty"),
        ("Mo 09:00-12:00,11:00-13:00", "overlap"),
        ('{"mon": "09:00"}', "mon"),
        ('{"moon": []}', "moon"),
        ("{", "not JSON"),
        ("{" + '"a":[' * 500, "longer|not JSON"),
        ("Mo " * 400, "longer than"),
    ],
)
def test_a_bad_one_is_refused_with_its_cause(text: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        parse_opening_hours(text)


@given(st.text(alphabet='MoTuWeFrSaSu09:;,-– off24/7{}[]"', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        hours = parse_opening_hours(text)
    except ValueError:
        return
    assert parse_opening_hours(json.dumps(hours)) == hours
