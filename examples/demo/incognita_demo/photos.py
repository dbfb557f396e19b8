"""Real photos with the time and place of a simulated visit written into their EXIF data."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from PIL import ExifTags, Image

from incognita_shared.values import Position

PHOTOS = ("DSCN0010.jpg", "DSCN0012.jpg", "DSCN0021.jpg", "DSCN0025.jpg", "DSCN0027.jpg",
          "paris_finepix.jpg", "sony_hx5v.jpg")  # fmt: skip
RECORDINGS = ("198-209-0000.ogg", "3436-172162-0000.ogg")


@dataclass(frozen=True)
class Media:
    """A file that a shopper hands in."""

    kind: str
    content_type: str
    data: bytes
    captured_at: datetime
    position: Position | None
    duration_s: int | None = None

    @cached_property
    def sha256(self) -> str:
        """The digest that is declared."""
        return hashlib.sha256(self.data).hexdigest()


class Camera:
    """Makes photos and recordings; no two are the same file."""

    def __init__(self, directory: Path, rng: random.Random) -> None:
        self._photos = [_without_exif((directory / name).read_bytes()) for name in PHOTOS]
        self._recordings = [(directory / name).read_bytes() for name in RECORDINGS]
        self._rng = rng
        self._taken = 0

    def photo(self, at: datetime, place: Position | None, kind: str = "photo") -> Media:
        """A JPEG taken ``at`` (with its zone's offset) and ``place``."""
        self._taken += 1
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = f"simulated visit, photo {self._taken}"
        details = exif.get_ifd(ExifTags.IFD.Exif)
        details[ExifTags.Base.DateTimeOriginal] = at.strftime("%Y:%m:%d %H:%M:%S")
        offset = at.strftime("%z")
        details[ExifTags.Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
        if place is not None:
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(_gps(place))
        segment = b"Exif\x00\x00" + exif.tobytes().removeprefix(b"Exif\x00\x00")
        header = b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big")
        jpeg = self._rng.choice(self._photos)
        return Media(kind, "image/jpeg", jpeg[:2] + header + segment + jpeg[2:], at, place)

    def recording(self, at: datetime) -> Media:
        """A short Ogg recording; its own serial number makes it another file."""
        self._taken += 1
        data = self._rng.choice(self._recordings)
        comment = f"simulated {self._taken:012d}".encode()
        return Media("audio", "audio/ogg", data + comment, at, None, duration_s=15)


def _gps(place: Position) -> dict[int, object]:
    north, east = place.latitude >= 0, place.longitude >= 0
    return {
        ExifTags.GPS.GPSLatitudeRef: "N" if north else "S",
        ExifTags.GPS.GPSLatitude: _degrees(abs(place.latitude)),
        ExifTags.GPS.GPSLongitudeRef: "E" if east else "W",
        ExifTags.GPS.GPSLongitude: _degrees(abs(place.longitude)),
    }


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, degrees = (value % 1) * 60, int(value)
    return float(degrees), float(int(minutes)), round((minutes % 1) * 60, 4)


def _without_exif(jpeg: bytes) -> bytes:
    """The file without its APP1 segments, so that ours is the only one."""
    kept, at = bytearray(jpeg[:2]), 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big") + 2
        if jpeg[at + 1] != 0xE1:
            kept += jpeg[at : at + length]
        at += length
    return bytes(kept + jpeg[at:])
