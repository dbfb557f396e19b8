"""Simulated photos carry the time and place they claim, and are all different files."""

import io
import random
from datetime import datetime, timedelta, timezone

import exifread
from PIL import Image

from incognita_demo.photos import Camera
from incognita_demo.settings import MEDIA
from incognita_shared.values import Position

AT = datetime(2026, 3, 14, 18, 30, 5, tzinfo=timezone(timedelta(hours=-5)))
PLACE = Position(latitude=-12.0464, longitude=-77.0428, accuracy_m=10)


def test_time_zone_and_place_can_be_read_back() -> None:
    photo = Camera(MEDIA, random.Random(1)).photo(AT, PLACE)
    tags = exifread.process_file(io.BytesIO(photo.data[:65_536]), details=False)
    assert str(tags["EXIF DateTimeOriginal"]) == "2026:03:14 18:30:05"
    assert str(tags["EXIF OffsetTimeOriginal"]) == "-05:00"
    latitude, longitude = exifread.utils.get_gps_coords(tags)
    assert abs(latitude - PLACE.latitude) < 1e-5
    assert abs(longitude - PLACE.longitude) < 1e-5


def test_every_file_is_another_one_and_still_a_picture() -> None:
    camera = Camera(MEDIA, random.Random(1))
    photos = [camera.photo(AT, PLACE) for _ in range(30)]
    recordings = [camera.recording(AT) for _ in range(10)]
    assert len({media.sha256 for media in (*photos, *recordings)}) == 40
    for photo in photos:
        Image.open(io.BytesIO(photo.data)).load()
