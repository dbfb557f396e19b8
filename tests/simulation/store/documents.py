"""Documents as the server keeps them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import CodecOptions, decode, encode
from bson.binary import UuidRepresentation

Document = dict[str, Any]
CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
)


class Unmodelled(BaseException):
    """The code under test uses something that the stand-in does not have."""


class Stored:
    """One version of a document: as bytes, which every reader decodes for itself, and decoded."""

    __slots__ = ("raw", "value")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.raw = encode(document, codec_options=CODEC)
        self.value: Document = decode(self.raw, codec_options=CODEC)

    def copy(self) -> Document:
        return decode(self.raw, codec_options=CODEC)


def projected(document: Document, projection: Mapping[str, Any] | Sequence[str] | None) -> Document:
    """The document with the named top-level fields alone, or without those named by 0."""
    if not projection:
        return document
    chosen = projection if isinstance(projection, Mapping) else dict.fromkeys(projection, 1)
    if any(isinstance(value, (dict, list, str)) for value in chosen.values()):
        raise Unmodelled(f"projection {chosen}")
    tops = {name.split(".")[0]: bool(value) for name, value in chosen.items()}
    shown = {name for name, value in tops.items() if value}
    if shown:
        keep = shown if tops.get("_id", True) is False else {*shown, "_id"}
        return {name: value for name, value in document.items() if name in keep}
    return {name: value for name, value in document.items() if name not in tops}
