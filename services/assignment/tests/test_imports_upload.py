"""The uploaded file on disk."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import ClientDisconnect

from incognita_assignment.imports.upload import received
from incognita_shared.problems import BadRequest, Problem, TooLarge, Unavailable


async def chunks(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


async def test_all_chunks_are_there_in_order() -> None:
    parts = [bytes([number]) * 100_000 for number in range(7)]
    async with received(chunks(*parts), most_bytes=1_000_000) as file:
        file.seek(0)
        assert file.read() == b"".join(parts)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (ClientDisconnect(), BadRequest),
        (OSError(28, "No space left on device"), Unavailable),
        (b"x" * 100, TooLarge),
    ],
)
async def test_what_goes_wrong_is_said(fault: bytes | Exception, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        async with received(chunks(b"x" * 10, fault), most_bytes=50):
            pytest.fail("the file is not whole")
