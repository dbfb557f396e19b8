"""A body taken apart as it comes in, however it is cut, whoever made it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_evidence.openrosa.arrival import plain_name
from incognita_evidence.openrosa.multipart import (
    MOST_PARTS,
    Happening,
    PartBegins,
    PartEnds,
    boundary_of,
    happenings,
)
from incognita_shared.problems import BadRequest

BODY = (
    b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a.xml"\r\n'
    b"Content-Type: text/xml\r\nContent-Transfer-Encoding: binary\r\n\r\n<a/>\r\n"
    b'--b\r\nContent-Disposition: form-data; name="\xc4\xb0.jpg"; '
    b'filename="..\\..\\\xc4\xb0.jpg"\r\n'
    b"Content-Type: image/jpeg; x=y\r\n\r\n\xff\xd8\r\n--bogus\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="*isIncomplete*"\r\n\r\nyes\r\n--b--\r\n'
)
PARTS = [
    (PartBegins("xml_submission_file", "a.xml", "text/xml"), b"<a/>"),
    (PartBegins("İ.jpg", "..\\..\\İ.jpg", "image/jpeg"), b"\xff\xd8\r\n--bogus\r\n"),
    (PartBegins("*isIncomplete*", "", ""), b"yes"),
]


def read(pieces: Sequence[bytes]) -> list[Happening]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def all_of() -> list[Happening]:
        return [each async for each in happenings(stream(), b"b")]

    return asyncio.run(all_of())


def parts(pieces: Sequence[bytes]) -> list[tuple[PartBegins, bytes]]:
    found: list[tuple[PartBegins, bytes]] = []
    for each in read(pieces):
        if isinstance(each, PartBegins):
            found.append((each, b""))
        elif isinstance(each, bytes):
            found[-1] = (found[-1][0], found[-1][1] + each)
    return found


@given(st.lists(st.integers(0, len(BODY)), max_size=30))
def test_wherever_it_is_cut_the_parts_are_the_same(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(BODY)]
    assert parts([BODY[a:b] for a, b in pairwise(ends)]) == PARTS


@given(st.integers(0, len(BODY) - 3))
def test_a_body_that_ends_early_is_refused_wherever_it_ends(end: int) -> None:
    with pytest.raises(BadRequest):
        read([BODY[:end]])


@given(st.binary(max_size=300), st.integers(0, len(BODY)))
def test_whatever_bytes_come_they_are_read_or_refused(junk: bytes, at: int) -> None:
    try:
        happened = read([BODY[:at] + junk + BODY[at:]])
    except BadRequest:
        return
    begun = sum(isinstance(each, PartBegins) for each in happened)
    assert begun == sum(isinstance(each, PartEnds) for each in happened)


def test_more_parts_than_any_phone_sends_are_refused() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'
    with pytest.raises(BadRequest, match="parts"):
        read([part * (MOST_PARTS + 1) + b"--b--\r\n"])


@pytest.mark.parametrize(
    "content_type", ["", "text/xml", "multipart/form-data", "multipart/mixed; boundary=b"]
)
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(BadRequest):
        boundary_of(content_type)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("1.jpg", "1.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("I\u0307.jpg", "\u0130.jpg"),
        ("x" * 999, "x" * 255),
        ("..", ".."),
        ("", ""),
    ],
)
def test_a_name_is_only_a_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain
