"""The uploaded file, on disk: it is checked as a whole before its first row counts."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from starlette.requests import ClientDisconnect

from incognita_shared.problems import BadRequest, TooLarge, Unavailable

_WRITE_AT_ONCE = 262_144


@asynccontextmanager
async def received(chunks: AsyncIterator[bytes], *, most_bytes: int) -> AsyncIterator[BinaryIO]:
    """A temporary file with all of ``chunks``, gone afterwards. Raises ``TooLarge``."""
    with tempfile.TemporaryFile() as file:
        try:
            await _fill(file, chunks, most_bytes)
        except ClientDisconnect:
            raise BadRequest("The upload ended before the file did; nothing was changed") from None
        except OSError as error:
            raise Unavailable(f"There is no room for the file: {error.strerror}") from error
        yield file


async def _fill(file: BinaryIO, chunks: AsyncIterator[bytes], most_bytes: int) -> None:
    size = 0
    buffer = bytearray()
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge(f"The file is larger than {most_bytes:,} bytes; cut it in parts")
        buffer += chunk
        if len(buffer) >= _WRITE_AT_ONCE:
            await asyncio.to_thread(file.write, bytes(buffer))
            buffer.clear()
    file.write(buffer)
    file.flush()
