"""Bytes of a CSV file to lines of text, without ever holding more than one line."""

import codecs
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from typing import BinaryIO

from incognita_assignment.imports.rows import BrokenFile

LONGEST_LINE = 1_000_000
_CHUNK = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Undecodable(Exception):
    """A byte that is not of the file's encoding; ``offset`` counts from 0."""

    def __init__(self, *, encoding: str, offset: int, byte: int) -> None:
        super().__init__(encoding, offset, byte)
        self.encoding = encoding
        self.offset = offset
        self.byte = byte


class LineTooLong(Exception):
    """A line of more than ``LONGEST_LINE`` characters: it is not read to its end."""


def encoding_of(start: bytes) -> tuple[str, int]:
    """The encoding by its byte order mark (UTF-8 without one) and the mark's length."""
    if start.startswith(_UTF32):
        raise BrokenFile("the file is UTF-32; save it as UTF-8")
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    return "utf-8", 0


def lines(file: BinaryIO) -> Iterator[str]:
    r"""Lines that end in ``\n``, whatever the file has. Raises ``Undecodable``, ``LineTooLong``."""
    rest = ""
    for text in _decoded(file):
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield line + "\n"
        if len(rest) > LONGEST_LINE:
            raise LineTooLong
    if rest:
        yield rest


def _decoded(file: BinaryIO) -> Iterator[str]:
    file.seek(0)
    encoding, offset = encoding_of(file.read(4))
    file.seek(offset)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    newlines = IncrementalNewlineDecoder(None, translate=True)
    while True:
        chunk = file.read(_CHUNK)
        kept = decoder.getstate()[0]
        try:
            yield newlines.decode(decoder.decode(chunk, final=not chunk), final=not chunk)
        except UnicodeDecodeError as error:
            # what comes before the fault is still handed out, so that the reader can count its rows
            decoder.reset()
            yield newlines.decode(decoder.decode((kept + chunk)[: error.start]))
            raise Undecodable(
                encoding=encoding,
                offset=offset - len(kept) + error.start,
                byte=(kept + chunk)[error.start],
            ) from None
        if not chunk:
            return
        offset += len(chunk)
