from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.questionnaire.model import Question
from incognita_shared.questionnaire.reading import UnreadableAnswer, for_conditions, read_answer


def question(kind, **fields):
    if kind.endswith("choice"):
        fields["choices"] = [{"id": one, "label": {"en": one}} for one in "abc"]
    return Question.model_validate({"id": "q", "type": kind, "label": {"en": "Q"}, **fields})


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        ("single_choice", "a", "a"),
        ("multiple_choice", ["c", "a"], ("c", "a")),
        ("boolean", False, False),
        ("integer", -3, Decimal(-3)),
        ("decimal", 0.1, Decimal("0.1")),
        ("decimal", 7, Decimal(7)),
        ("decimal", "-12.50", Decimal("-12.5")),
        ("decimal", 0.30000000000000004, Decimal("0.3")),
        ("decimal", 1e-300, Decimal(0)),
        ("text", "İstanbul, Ёлка", "İstanbul, Ёлка"),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("time", "23:59", time(23, 59)),
        ("time", "00:00:07", time(0, 0, 7)),
        ("moment", "2026-11-22T23:50:00+03:00", datetime(2026, 11, 22, 20, 50, tzinfo=UTC)),
        ("moment", "2026-11-22t20:50:00.5z", datetime(2026, 11, 22, 20, 50, 0, 500000, UTC)),
        ("duration", 90.5, Decimal("90.5")),
        ("rating", 10, Decimal(10)),
    ],
)
def test_an_answer_is_read_exactly(kind, answer, value):
    assert read_answer(question(kind), answer) == value


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("single_choice", "d"),
        ("single_choice", ["a"]),
        ("single_choice", 1),
        ("multiple_choice", "a"),
        ("multiple_choice", ["a", "a"]),
        ("multiple_choice", ["a", 1]),
        ("multiple_choice", ["a", "z"]),
        ("boolean", 1),
        ("integer", 1.0),
        ("integer", True),
        ("integer", 2**53),
        ("decimal", True),
        ("decimal", "3,5"),
        ("decimal", "1e5"),
        ("decimal", "١٢"),
        ("decimal", float("nan")),
        ("decimal", float("inf")),
        ("decimal", 1e300),
        ("decimal", Decimal("sNaN")),
        ("text", "\0"),
        ("text", "\ud800"),
        ("text", "x" * 10_001),
        ("text", 5),
        ("date", "2025-02-29"),
        ("date", "20250228"),
        ("date", "0001-01-01"),
        ("time", "24:00"),
        ("time", "9:30"),
        ("time", "12:30+03:00"),
        ("moment", "2026-11-22T23:50:00"),
        ("moment", "2026-11-22"),
        ("moment", "9999-12-31T23:59:59-14:00"),
        ("moment", "2026-11-22T23:50:00+99:00"),
        ("duration", -1),
        ("duration", 10**9),
        ("duration", "PT5M"),
        ("rating", 4.5),
        ("note", "x"),
    ],
)
def test_an_answer_of_another_type_is_unreadable(kind, answer):
    with pytest.raises(UnreadableAnswer):
        read_answer(question(kind), answer)


@pytest.mark.parametrize("answer", [10**5000, "9" * 10_000_000], ids=["number", "text"])
def test_a_number_of_any_length_is_refused_soon(answer):
    for kind in ("integer", "decimal", "duration"):
        with pytest.raises(UnreadableAnswer):
            read_answer(question(kind), answer)


@pytest.mark.parametrize(
    ("kind", "answer", "cause"),
    [
        ("rating", 11, "must be at most 10"),
        ("decimal", "0.9", "must be at least 1"),
        ("text", "", "length of at least 1"),
        ("multiple_choice", [], "number of choices of at least 1"),
    ],
)
def test_the_range_bounds_numbers_lengths_and_counts(kind, answer, cause):
    with pytest.raises(UnreadableAnswer, match=cause):
        read_answer(question(kind, minimum=1, maximum=10), answer)


@given(st.decimals(-(10**9), 10**9, places=4))
def test_a_decimal_means_the_same_as_number_and_as_text(number):
    asked = question("decimal")
    assert read_answer(asked, str(number)) == read_answer(asked, float(number)) == number


def test_conditions_see_numbers_as_numbers():
    assert for_conditions(Decimal("9.0")) == 9
    assert isinstance(for_conditions(Decimal("9.0")), int)
    assert for_conditions(Decimal("9.5")) == 9.5
    assert for_conditions(("a", "b")) == ["a", "b"]
    assert for_conditions(time(9, 30)) == "09:30:00"
