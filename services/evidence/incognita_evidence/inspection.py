"""What the first bytes of a file say: its real type, and when and where a photo was taken.

Camera model, serial number and owner are never read out: they could tell who the shopper was.
"""

import io
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import puremagic
from exifread.core.exif_header import ExifHeader
from exifread.core.find_exif import determine_type, get_endian_str
from exifread.utils import get_gps_coords

from incognita_evidence.rules.media_types import canonical
from incognita_shared.values import Position, Value

# exifread reports every damaged tag; a hostile file could fill our logs with them
logging.getLogger("exifread").setLevel(logging.CRITICAL)

_BY_EXTENSION: Mapping[str, str] = {
    ".m4a": "audio/mp4",
    ".f4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
}
_BY_BRAND: Mapping[bytes, str] = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"M4A ": "audio/mp4",
    b"isom": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}
_CERTAIN: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"#!AMR\n": "audio/amr",
    b"#!AMR-WB\n": "audio/amr-wb",
}
"""What most photos begin with: no need to go through all the signatures that puremagic knows.
Of AMR it knows the extension alone."""
_EXIF_OFFSET, _GPS_INFO = 0x8769, 0x8825
_TIME_AND_ZONE = (0x9003, 0x9010, 0x9011)
_LATITUDE_AND_LONGITUDE = (1, 2, 3, 4)
_READ_TAGS = frozenset({_EXIF_OFFSET, _GPS_INFO, *_TIME_AND_ZONE, *_LATITUDE_AND_LONGITUDE})
_BRANDS_END = 64  # the major brand and about a dozen compatible ones


class Exif(Value):
    """When (UTC) and where a photo says it was taken, as far as it says so."""

    taken_at: datetime | None = None
    position: Position | None = None


def media_types(head: bytes) -> tuple[str, ...]:
    """What the file that begins with ``head`` may be, the likeliest first; empty if unknown."""
    for signature, name in _CERTAIN.items():
        if head.startswith(signature):
            return (name,)
    return tuple(dict.fromkeys(_candidates(head)))


def _candidates(head: bytes) -> Iterator[str]:
    if head[4:8] == b"ftyp":
        # puremagic knows some major brands only; the compatible ones tell as much
        brands = [head[at : at + 4] for at in range(8, min(_BRANDS_END, len(head)), 4)]
        yield from (_BY_BRAND[brand] for brand in brands if brand in _BY_BRAND)
    matches = _matches(head)
    for match in matches:
        if name := match.mime_type or _BY_EXTENSION.get(match.extension):
            yield canonical(name)
    if not matches and head and _is_text(head):
        yield "text/plain"


def _matches(head: bytes) -> list[Any]:
    try:
        return list(puremagic.magic_string(head))
    except (puremagic.PureError, ValueError):  # nothing known, or no bytes at all
        return []


def _is_text(head: bytes) -> bool:
    try:
        head[:1_024].decode()
    except UnicodeDecodeError as error:
        return error.start > 0 and error.end >= min(len(head), 1_024)
    return b"\0" not in head[:1_024]


def read_exif(head: bytes, time_zone: str) -> Exif:
    """EXIF of a photo by its first bytes; a camera time without zone is read in ``time_zone``.

    Damaged EXIF counts as none: it is no fault of the shopper's.
    """
    try:
        tags = _tags(head)
    except Exception:  # a parser of foreign bytes: whatever it raises means "unreadable"
        return Exif()
    return Exif(taken_at=_taken_at(tags, time_zone), position=_position(tags))


class _TimeAndPlace(ExifHeader):
    """Reads the few tags that matter: all the others take four times as long."""

    def _process_tag(self, ifd: int, ifd_name: str, tag_entry: Any, entry: int, tag: int,
                     tag_name: str, relative: bool, stop_tag: str) -> None:  # fmt: skip
        if tag in _READ_TAGS:
            super()._process_tag(ifd, ifd_name, tag_entry, entry, tag, tag_name, relative, stop_tag)


def _tags(head: bytes) -> dict[str, Any]:
    """What ``exifread.process_file`` would find of them."""
    file = io.BytesIO(head)
    offset, endian, fake_exif = determine_type(file)
    header = _TimeAndPlace(
        file, get_endian_str(endian)[0], offset, fake_exif, strict=False, detailed=False
    )
    header.dump_ifd(ifd=header.list_ifd()[0], ifd_name="Image")
    exif = header.tags.get("Image ExifOffset")
    if exif is not None:
        header.dump_ifd(ifd=exif.values[0], ifd_name="EXIF")
    return header.tags


def _taken_at(tags: Mapping[str, Any], time_zone: str) -> datetime | None:
    try:
        local = datetime.strptime(str(tags["EXIF DateTimeOriginal"]), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        offset = tags.get("EXIF OffsetTimeOriginal") or tags.get("EXIF OffsetTime")
        zone = _fixed_zone(str(offset)) or ZoneInfo(time_zone)
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None  # no time, an unset clock ("0000:00:00"), or a zone that nobody knows


def _fixed_zone(offset: str) -> timezone | None:
    try:
        parsed = datetime.strptime(offset.strip(), "%z").utcoffset()
    except ValueError:
        return None
    return timezone(parsed if parsed is not None else timedelta(0))


def _position(tags: dict[str, Any]) -> Position | None:
    try:
        found = get_gps_coords(tags)
        if found is None or found == (0.0, 0.0):  # what a camera without a fix writes
            return None
        return Position(latitude=found[0], longitude=found[1])
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError):
        return None
