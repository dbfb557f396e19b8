"""Files of appeals: the store takes exactly the declared bytes, and proves them by their hash."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incognita_scoring.appeals.appeal import Attachment, object_key
from incognita_scoring.errors import AttachmentMissing, AttachmentRefused
from incognita_shared.objects import ObjectStore, Stored, Upload

FIRST_BYTES = 64
_CLIP = "video/mp4"
_HEIC = "image/heic"
ALLOWED: tuple[str, ...] = (
    "image/jpeg", "image/png", "image/webp", _HEIC, "application/pdf", "audio/mp4", _CLIP
)  # fmt: skip
_SIGNATURES: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}
_BRANDS: Mapping[bytes, tuple[str, ...]] = {
    b"heic": (_HEIC,),
    b"heix": (_HEIC,),
    b"mif1": (_HEIC,),
    b"M4A ": ("audio/mp4",),
    b"isom": (_CLIP, "audio/mp4"),
    b"iso5": (_CLIP, "audio/mp4"),
    b"mp41": (_CLIP, "audio/mp4"),
    b"mp42": (_CLIP, "audio/mp4"),
    b"avc1": (_CLIP,),
    b"qt  ": (_CLIP,),
}
"""Major brand of an ISO base media file → what it may be: phones write sound into "isom" too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A file as the branch declares it; ``sha256`` in hexadecimal."""

    sha256: str
    size_bytes: int
    content_type: str
    name: str


def policy(
    declared: Declared, *, store: ObjectStore, chain_id: str, visit_id: str, expiry_s: int
) -> Upload:
    """A form by which the object store takes exactly these bytes, for ``expiry_s`` seconds."""
    return store.presign_upload(
        object_key(chain_id, visit_id, declared.sha256),
        content_type=declared.content_type,
        size=declared.size_bytes,
        sha256=declared.sha256,
        expires=timedelta(seconds=expiry_s),
    )


async def proved(
    files: Sequence[Declared], *, store: ObjectStore, chain_id: str, visit_id: str
) -> tuple[Attachment, ...]:
    """The files, each found in the store with these bytes and of this type.

    Raises AttachmentMissing for one that is not there yet, AttachmentRefused for other bytes.
    """
    keys = [object_key(chain_id, visit_id, each.sha256) for each in files]
    found = await asyncio.gather(
        *(
            store.read_start(key, FIRST_BYTES, size=each.size_bytes)
            for key, each in zip(keys, files, strict=True)
        )
    )
    return tuple(
        _proved(number, declared, key, what)
        for number, (declared, key, what) in enumerate(zip(files, keys, found, strict=True))
    )


def _proved(
    number: int, declared: Declared, key: str, found: tuple[Stored, bytes] | None
) -> Attachment:
    if found is None:
        raise AttachmentMissing(number, declared.name)
    stored, head = found
    if (stored.sha256, stored.size) != (declared.sha256, declared.size_bytes):
        raise AttachmentRefused(number, "the object store holds other bytes than were declared")
    if declared.content_type not in types_of(head):
        raise AttachmentRefused(number, f"its bytes are not {declared.content_type}")
    # "null" is S3's own name for the one version of a bucket without versions
    return Attachment(
        sha256=declared.sha256,
        size_bytes=declared.size_bytes,
        content_type=declared.content_type,
        name=declared.name,
        object_key=key,
        version_id=stored.version_id or "null",
    )


def types_of(head: bytes) -> tuple[str, ...]:
    """What a file that begins so may be, of the types that are taken."""
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return (name,)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ("image/webp",)
    return _BRANDS.get(head[8:12], ()) if head[4:8] == b"ftyp" else ()
