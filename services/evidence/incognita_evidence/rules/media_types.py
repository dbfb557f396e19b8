"""Which media types each kind of evidence may have, and whether bytes are what was declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from incognita_shared.values import EvidenceKind

_IMAGES = frozenset({"image/jpeg", "image/png", "image/heic", "image/heif", "image/webp"})
_AMR = frozenset({"audio/amr", "audio/amr-wb"})
_AUDIO = _AMR | {"audio/ogg", "audio/mpeg", "audio/mp4", "audio/wav", "audio/webm"}
_VIDEO = frozenset({"video/mp4", "video/quicktime", "video/webm"})
_PDF = frozenset({"application/pdf"})

ALLOWED: Mapping[EvidenceKind, frozenset[str]] = {
    EvidenceKind.PHOTO: _IMAGES,
    EvidenceKind.AUDIO: _AUDIO,
    EvidenceKind.VIDEO: _VIDEO,
    EvidenceKind.RECEIPT: _IMAGES | _PDF,
    EvidenceKind.BUSINESS_CARD: _IMAGES | _PDF,
    EvidenceKind.DOCUMENT: _PDF,
}

_ALIASES: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "application/ogg": "audio/ogg",
    "audio/amr-nb": "audio/amr",
    "audio/x-amr": "audio/amr",
}

# The same bytes may honestly go by any name of a group: phones write audio into an MP4 of the brand
# "isom", browsers record sound into WebM, HEIC is HEIF with one codec, and both kinds of AMR lie in
# files named .amr.
_GROUPS = (
    frozenset({"audio/mp4", "video/mp4", "video/quicktime"}),
    frozenset({"audio/webm", "video/webm"}),
    frozenset({"image/heic", "image/heif"}),
    _AMR,
)


class Fit(StrEnum):
    """How well the bytes fit the declaration."""

    SAME = "same"
    OTHER_ALLOWED = "other_allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judgement:
    """``found``: the media type that the bytes have, as far as it could be told."""

    fit: Fit
    found: str


def canonical(content_type: str) -> str:
    """The one name under which we keep a media type."""
    name = content_type.strip().lower()
    return _ALIASES.get(name, name)


def judge(kind: EvidenceKind, declared: str, candidates: tuple[str, ...]) -> Judgement:
    """Compare the declared type with what the bytes may be, the likeliest first.

    Another type that the kind also allows is a small matter; all else is no evidence.
    """
    if not candidates:
        return Judgement(Fit.REFUSED, "an unknown type")
    found = [canonical(name) for name in candidates]
    declared = canonical(declared)
    for name in found:
        if name in _names_of(declared):
            return Judgement(Fit.SAME, declared)
    for name in found:
        if name in ALLOWED[kind]:
            return Judgement(Fit.OTHER_ALLOWED, name)
    return Judgement(Fit.REFUSED, found[0])


def _names_of(content_type: str) -> frozenset[str]:
    for group in _GROUPS:
        if content_type in group:
            return group
    return frozenset({content_type})
