"""Cutting a streamed body into lines."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from incognita_evidence.lines import BATCH_BYTES, BATCH_LINES, Line, batches


async def _chunks(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _cut(parts: list[bytes], longest: int = 20) -> list[Line]:
    return [line async for batch in batches(_chunks(parts), longest=longest) for line in batch]


@given(st.lists(st.binary(max_size=30).map(lambda part: part.replace(b"a", b"\n"))))
async def test_lines_are_the_same_however_the_body_arrives(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    expected = [
        Line(number, None if len(text) > 20 else text.strip())
        for number, text in enumerate(whole.split(b"\n"), start=1)
        if len(text) > 20 or text.strip()
    ]
    assert await _cut(parts) == expected


async def test_blank_lines_count_but_are_passed_over() -> None:
    assert await _cut([b"a\n\n \r\nb\r\n"]) == [Line(1, b"a"), Line(4, b"b")]


async def test_no_batch_is_large() -> None:
    many = [b"x\n" * 1_000]
    assert {len(one) async for one in batches(_chunks(many), longest=9)} == {BATCH_LINES}
    long = [b"x" * 400_000 + b"\n"] * 20
    sizes = [len(one) async for one in batches(_chunks(long), longest=10**6)]
    assert max(sizes) * 400_000 <= BATCH_BYTES + 400_000


async def test_a_line_without_end_is_not_kept() -> None:
    assert await _cut([b"x" * 10] * 1_000 + [b"\nb"]) == [Line(1, None), Line(2, b"b")]
