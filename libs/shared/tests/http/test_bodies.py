import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.http.bodies import check_type, sound_json
from incognita_shared.problems import BadRequest, Invalid, Problem, UnsupportedMedia

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.binary())
def test_any_bytes_are_sound_or_a_problem(body: bytes) -> None:
    status = 0
    try:
        sound_json(body)
    except Problem as problem:
        status = problem.status
    if status == 0:
        json.loads(body)
    assert status in (0, 400, 422)


def _keepable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_keepable(key) and _keepable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_keepable, value))
    if isinstance(value, str):
        return "\x00" not in value and value == value.encode("utf-8", "ignore").decode()
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


@given(_values)
def test_just_what_a_store_can_keep_passes(value: Any) -> None:
    try:
        sound_json(json.dumps(value).encode())
        passed = True
    except Problem:
        passed = False
    assert passed == _keepable(value)


@pytest.mark.parametrize(
    ("body", "field", "cause"),
    [
        (b'{"a":{"b":["\\u0000"]}}', "a.b[0]", "NUL"),
        (b'{"a":{"x\\u0000":1}}', "a", "NUL"),
        (b'{"n":9223372036854775808}', "n", "64 bits"),
        (b"-9223372036854775809", "body", "64 bits"),
        (b"[" * 70 + b"]" * 70, "[0]" * 65, "64 levels"),
    ],
)
def test_what_can_not_be_kept_is_named(body: bytes, field: str, cause: str) -> None:
    with pytest.raises(Invalid) as caught:
        sound_json(body)
    assert caught.value.errors[0]["field"] == field
    assert cause in caught.value.errors[0]["cause"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"\xef\xbb\xbf{}", b'"\\ud800"', b"NaN", b"1e999", b"{}{}", b"[" * 10**6],
)
def test_what_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        sound_json(body)


def test_an_escaped_backslash_before_u0000_is_just_text() -> None:
    sound_json(b'"\\\\u0000"')


@pytest.mark.parametrize("media", ["", "text/csv", "application/xml", "json", "x/y"])
def test_another_type_is_unsupported(media: str) -> None:
    with pytest.raises(UnsupportedMedia):
        check_type(media)


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/Geo+JSON"])
def test_json_by_any_name_is_taken(media: str) -> None:
    check_type(media)
