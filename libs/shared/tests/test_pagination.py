from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.pagination import decode_cursor, encode_cursor, page_of
from incognita_shared.problems import Invalid


@given(st.text(), st.integers(-(2**53), 2**53), st.booleans())
def test_a_cursor_gives_back_its_key(text: str, number: int, flag: bool) -> None:
    cursor = encode_cursor(text, number, flag)
    assert decode_cursor(cursor, str, int, bool) == (text, number, flag)


@given(st.text())
def test_anything_else_is_named_as_a_bad_cursor(text: str) -> None:
    named = "query.cursor"
    try:
        decode_cursor(text)
    except Invalid as problem:
        named = problem.errors[0]["field"]
    assert named == "query.cursor"


@pytest.mark.parametrize(
    ("key", "kinds"),
    [((1,), (str,)), (({"$gt": ""},), (str,)), (("a",), (str, int)), ((True,), (int,))],
)
def test_a_cursor_of_another_list_is_refused(key: tuple[Any, ...], kinds: tuple[type, ...]) -> None:
    with pytest.raises(Invalid):
        decode_cursor(encode_cursor(*key), *kinds)


def test_an_integer_beyond_64_bits_is_refused() -> None:
    with pytest.raises(Invalid):
        decode_cursor("WzE4NDQ2NzQ0MDczNzA5NTUxNjE1XQ", int)


def test_pages_join_without_a_gap_and_without_an_overlap() -> None:
    everything = [{"_id": f"{number:03d}"} for number in range(25)]
    seen: list[str] = []
    cursor = None
    while True:
        after = decode_cursor(cursor)
        rest = [one for one in everything if after is None or one["_id"] > after[0]]
        page = page_of(rest[:11], 10, item=lambda one: one["_id"])
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [one["_id"] for one in everything]


def test_a_last_page_that_is_just_full_has_no_next_one() -> None:
    assert page_of([{"_id": "a"}], 1, item=dict).next_cursor is None
