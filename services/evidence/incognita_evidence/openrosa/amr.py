"""How long an AMR recording is: by its frames, for its file says nothing of it.

The storage format of RFC 4867, section 5: a signature, then frames of 20 ms, each with its kind in
bits 3 to 6 of its first byte. ODK Collect records "voice-only" questions so.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

FRAMES_PER_S = 50
# bytes after the first one, by kind; kinds that are not here stand in no sound file
_NARROW: Mapping[int, int] = dict(enumerate((12, 13, 15, 17, 19, 20, 26, 31, 5))) | {15: 0}
_WIDE: Mapping[int, int] = dict(enumerate((17, 23, 32, 36, 40, 46, 50, 58, 60, 5))) | {14: 0, 15: 0}
_SIGNATURES: Sequence[tuple[bytes, Mapping[int, int]]] = (
    (b"#!AMR\n", _NARROW),
    (b"#!AMR-WB\n", _WIDE),
)


def seconds_of(file: BinaryIO, *, longest_s: int) -> float | None:
    """Seconds of whole frames, to the end of ``file`` or to the first thing that is no frame.

    None for another format, and for more than ``longest_s``.
    """
    head = file.read(max(len(signature) for signature, _ in _SIGNATURES))
    for signature, sizes in _SIGNATURES:
        if head.startswith(signature):
            file.seek(len(signature))
            frames = _frames(file, sizes, most=longest_s * FRAMES_PER_S)
            return None if frames is None else frames / FRAMES_PER_S
    return None


def _frames(file: BinaryIO, sizes: Mapping[int, int], *, most: int) -> int | None:
    for number in range(most + 1):
        first = file.read(1)
        size = sizes.get(first[0] >> 3 & 0xF) if first else None
        if size is None or len(file.read(size)) < size:
            return number
    return None
