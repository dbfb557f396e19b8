"""How long recordings are, by their bytes, whole in memory or read in pieces out of the store."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_evidence.openrosa.recordings import _duration_in, duration_of
from incognita_evidence.openrosa.storing import Staged, put
from incognita_shared.values import EvidenceKind, EvidenceRequirement
from tests.collect.client import Collect


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def m4a(seconds: int, media_bytes: int) -> bytes:
    """As Android writes it: what describes the recording comes after the recording."""
    header = struct.pack(">IIIII", 0, 0, 0, 1_000, seconds * 1_000) + bytes(80)
    brand = box(b"ftyp", b"M4A \0\0\0\0M4A isom")
    return brand + box(b"mdat", bytes(media_bytes)) + box(b"moov", box(b"mvhd", header))


def amr(seconds: int, *, wide: bool = False) -> bytes:
    """Speech, then as much silence: frames of the largest kind, and frames without sound."""
    signature, kind, size = (b"#!AMR-WB\n", 8, 60) if wide else (b"#!AMR\n", 7, 31)
    frame = bytes([kind << 3 | 4]) + bytes(size)
    return signature + frame * (seconds * 25) + bytes([15 << 3 | 4]) * (seconds * 25)


def staged(data: bytes, *types: str, in_memory: bool) -> Staged:
    return Staged("a", "", "0" * 64, len(data), types, data=data if in_memory else None)


@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_recording_s_length_is_read_from_its_beginning_and_end(
    store: Any, media: Path, in_memory: bool
) -> None:
    ogg = (media / "198-209-0000.ogg").read_bytes()
    for data, name, expected in (
        (ogg, "audio/ogg", 13.91),
        (m4a(75, 3_000_000), "audio/mp4", 75.0),
        (m4a(75, 3_000_000)[:1_000], "audio/mp4", None),
        (amr(90), "audio/amr", 90.0),
        (amr(8, wide=True), "audio/amr-wb", 8.0),
        (amr(90)[:-1] + b"\x3c", "audio/amr", 89.98),
        (b"#!AMR\n", "audio/amr", 0.0),
        (ogg, "image/jpeg", None),
        (b"no recording", "audio/ogg", None),
        (b"", "audio/ogg", None),
    ):
        await put(store, "recording", data, content_type=name)
        found = await duration_of(store, staged(data, name, in_memory=in_memory), "recording")
        assert found == (None if expected is None else pytest.approx(expected, abs=0.01)), name


async def test_a_voice_only_recording_of_a_phone_is_evidence_of_its_length(
    phone: Collect, make_visit: Any, accept: Any, db: Any
) -> None:
    wanted = EvidenceRequirement(kind=EvidenceKind.AUDIO, minimum_duration_s=60)
    for seconds, found in ((60, set()), (58, {"missing_item"})):
        visit = await accept(make_visit(evidence=(wanted,)))
        await phone.update()
        answers = {"greeted": "yes", "rings": "2", "ms_agreed_audio_1": "1.amr"}
        media = {"1.amr": ("audio/amr", amr(seconds))}
        await phone.send(
            phone.forms[visit.id].fill(
                answers,
                started_at="2008-10-22T16:28:00.000+02:00",
                ended_at="2008-10-22T16:48:00.000+02:00",
                media=media,
            )
        )
        report = await db["reports"].find_one({"_id": visit.id})
        [item] = report["items"]
        assert (item["state"], item["content_type"]) == ("stored", "audio/amr")
        assert item["duration_s"] == seconds
        codes = {each["code"] for each in report["findings"]}
        assert codes & {"missing_item", "unusable_file", "type_mismatch"} == found


def test_a_recording_of_more_than_a_day_has_no_length() -> None:
    silence = bytes([15 << 3]) * (50 * 86_400)
    assert _duration_in(io.BytesIO(b"#!AMR\n" + silence)) == 86_400
    assert _duration_in(io.BytesIO(b"#!AMR\n" + silence + silence[:1])) is None


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"#!AMR\n", b"OggS", b"RIFF", b"ID3", b"\0\0\0 ftypM4A "]),
)
def test_whatever_bytes_come_a_length_or_none_is_told(data: bytes, start: bytes) -> None:

    found = _duration_in(io.BytesIO(start + data))
    assert found is None or found >= 0
