"""A multipart/form-data body as it comes in, part by part, without keeping any of it."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from incognita_shared.problems import BadRequest

MOST_PARTS = 500


@dataclass(frozen=True, slots=True)
class PartBegins:
    """``file_name``: what the client calls the file, untrusted; empty for a plain field."""

    name: str
    file_name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class PartEnds:
    """All bytes of the part have come."""


Happening = PartBegins | bytes | PartEnds


def boundary_of(content_type: str) -> bytes:
    """Raises BadRequest for anything but multipart/form-data with a boundary."""
    media, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media != b"multipart/form-data" or not boundary:
        raise BadRequest("A submission is multipart/form-data with a boundary")
    return boundary


async def happenings(stream: AsyncIterable[bytes], boundary: bytes) -> AsyncIterator[Happening]:
    """What happens in the body, in order. Raises BadRequest for one that is broken or cut short."""
    reader = _Reader(boundary)
    async for chunk in stream:
        for happening in reader.read(chunk):
            yield happening
    reader.check_end()


class _Reader:
    """Collects what the parser calls back with, for one chunk at a time."""

    def __init__(self, boundary: bytes) -> None:
        self._heard: list[Happening] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._parts = 0
        self._ended = False
        try:
            self._parser = MultipartParser(boundary, {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": lambda: self._heard.append(PartEnds()),
                "on_end": self._on_end,
            })  # fmt: skip
        except FormParserError as error:
            raise BadRequest("The boundary of the submission can't be used") from error

    def read(self, chunk: bytes) -> list[Happening]:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest("The submission is not sound multipart/form-data") from error
        heard, self._heard = self._heard, []
        return heard

    def check_end(self) -> None:
        if not self._ended:
            raise BadRequest("The submission ends before its last part is complete")

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest(f"A submission has at most {MOST_PARTS} parts")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = _text(options.get(b"name", b""))
        content_type, _ = parse_options_header(self._headers.get(b"content-type"))
        file_name = _text(options.get(b"filename", b"")) or (name if content_type else "")
        self._heard.append(PartBegins(name, file_name, _text(content_type)))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._heard.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
