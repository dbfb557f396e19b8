"""Cuts a streamed body into lines, never holding more than a batch of them."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass

BATCH_LINES = 250
BATCH_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, counted from 1; ``text`` is None if it was too long to keep."""

    number: int
    text: bytes | None


async def batches(
    chunks: AsyncIterable[bytes], *, longest: int
) -> AsyncGenerator[list[Line], None]:
    """The lines in order, in lists of at most BATCH_LINES lines and about BATCH_BYTES bytes."""
    batch: list[Line] = []
    size = 0
    async for line in _lines(chunks, longest):
        batch.append(line)
        size += len(line.text or b"")
        if len(batch) == BATCH_LINES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _lines(chunks: AsyncIterable[bytes], longest: int) -> AsyncIterator[Line]:
    number, cut, rest = 1, False, b""
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        rest += first
        for following in others:
            if cut or len(rest) > longest:
                yield Line(number, None)
            elif text := rest.strip():
                yield Line(number, text)
            number, cut, rest = number + 1, False, following
        if len(rest) > longest:
            cut, rest = True, b""
    if cut:
        yield Line(number, None)
    elif text := rest.strip():
        yield Line(number, text)
