"""What real files, and files that lie, say by their first bytes."""

import io
from datetime import UTC, datetime
from pathlib import Path

import exifread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incognita_evidence.inspection import (
    Exif,
    _position,
    _tags,
    _taken_at,
    media_types,
    read_exif,
)

HEAD = 65_536


def head_of(path: Path) -> bytes:
    return path.read_bytes()[:HEAD]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DSCN0010.jpg", "image/jpeg"),
        ("sony_hx5v.jpg", "image/jpeg"),
        ("IMG_5195.HEIC", "image/heic"),
        ("198-209-0000.ogg", "audio/ogg"),
    ],
)
def test_real_files_are_known(media: Path, name: str, expected: str) -> None:
    assert media_types(head_of(media / name))[0] == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#!/bin/sh\nrm -rf /\n", "text/plain"),
        (b"<?php system($_GET['x']);", "text/plain"),
        ("Привет, это не фото".encode(), "text/plain"),
        (b"<html><script>alert(1)</script></html>", "text/html"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heif"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0", "audio/mp4"),
        (b"RIFF\x24\x08\0\0WAVEfmt ", "audio/wav"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"#!AMR\n\x3c" + bytes(31), "audio/amr"),
        (b"#!AMR-WB\n\x44" + bytes(60), "audio/amr-wb"),
        (b"#!AMR is not a recording", "application/octet-stream"),
    ],
)
def test_types_are_told_by_content(head: bytes, expected: str) -> None:
    assert media_types(head)[0] == expected


def test_an_executable_is_no_medium_that_we_take() -> None:
    assert not {"image/jpeg", "audio/ogg", "video/mp4"} & set(media_types(b"MZ\x90\0" + bytes(99)))


def test_nothing_is_of_no_type() -> None:
    assert media_types(b"") == ()


def test_a_camera_time_without_zone_is_read_in_the_branches_zone(media: Path) -> None:
    exif = read_exif(head_of(media / "DSCN0010.jpg"), "Europe/Rome")
    assert exif.taken_at == datetime(2008, 10, 22, 14, 28, 39, tzinfo=UTC)
    assert exif.position is not None
    assert exif.position.latitude == pytest.approx(43.467448, abs=1e-6)
    assert exif.position.longitude == pytest.approx(11.885127, abs=1e-6)


def test_a_camera_time_with_zone_keeps_it(media: Path) -> None:
    exif = read_exif(head_of(media / "IMG_5195.HEIC"), "Asia/Tokyo")
    assert exif.taken_at == datetime(2021, 4, 11, 20, 47, 53, tzinfo=UTC)
    assert exif.position is not None
    assert exif.position.longitude == pytest.approx(-94.288772, abs=1e-6)


def test_nothing_that_could_tell_the_shopper_is_kept() -> None:
    assert set(Exif.model_fields) == {"taken_at", "position"}


def test_an_unknown_zone_gives_no_time(media: Path) -> None:
    assert read_exif(head_of(media / "DSCN0010.jpg"), "Mars/Olympus").taken_at is None


def test_a_recording_has_no_exif(media: Path) -> None:
    assert read_exif(head_of(media / "198-209-0000.ogg"), "Europe/Rome") == Exif()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 4_000), noise=st.binary(max_size=64), at=st.integers(0, 3_000))
def test_damaged_photos_never_fail(media: Path, cut: int, noise: bytes, at: int) -> None:
    whole = head_of(media / "DSCN0010.jpg")[:4_096]
    damaged = (whole[:at] + noise + whole[at + len(noise) :])[: len(whole) - cut]
    media_types(damaged)
    read_exif(damaged, "Europe/Rome")


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=16), at=st.integers(0, 3_000))
def test_of_a_damaged_photo_the_few_tags_tell_what_they_tell_among_all(
    media: Path, noise: bytes, at: int
) -> None:
    whole = head_of(media / "DSCN0010.jpg")
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    try:
        tags = exifread.process_file(io.BytesIO(damaged), details=False, extract_thumbnail=False)
    except Exception:  # a tag that is not ours is damaged beyond its reading
        return
    assert read_exif(damaged, "Europe/Rome") == Exif(
        taken_at=_taken_at(tags, "Europe/Rome"), position=_position(tags)
    )


@pytest.mark.parametrize("name", ["DSCN0010.jpg", "IMG_5195.HEIC"])
def test_the_few_tags_are_those_that_reading_every_tag_gives(media: Path, name: str) -> None:
    head = head_of(media / name)
    tags = exifread.process_file(io.BytesIO(head), details=False, extract_thumbnail=False)
    assert tags.keys() > _tags(head).keys()
    assert _taken_at(tags, "Asia/Tokyo") == read_exif(head, "Asia/Tokyo").taken_at is not None
    assert _position(tags) == read_exif(head, "Asia/Tokyo").position is not None
