"""Looks at what was uploaded: the store's checksum proves the bytes, a short read their type."""

import asyncio
from collections.abc import Sequence

from incognita_evidence.inspection import Exif, media_types, read_exif
from incognita_evidence.report import Item
from incognita_evidence.rules.media_types import Fit, judge
from incognita_evidence.rules.verdicts import Absent, Proved, Refused, Verdict
from incognita_shared.objects import ObjectStore, Stored


class Verifier:
    """Verifies items against the object store, a bounded number at a time in this process."""

    def __init__(self, store: ObjectStore, *, concurrency: int, first_bytes: int) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(concurrency)
        self._first_bytes = first_bytes

    async def verify(self, items: Sequence[Item], *, time_zone: str) -> dict[str, Verdict]:
        """Item id → verdict. ``time_zone``: the branch's, for camera times without a zone."""
        verdicts = await asyncio.gather(*(self._verify(item, time_zone) for item in items))
        return {item.item_id: verdict for item, verdict in zip(items, verdicts, strict=True)}

    async def _verify(self, item: Item, time_zone: str) -> Verdict:
        async with self._slots:
            found = await self._store.read_start(
                item.object_key, self._first_bytes, size=item.size_bytes
            )
            return Absent() if found is None else _judged(item, time_zone, *found)


def _judged(item: Item, time_zone: str, stored: Stored, head: bytes) -> Proved | Refused:
    if cause := _other_bytes(item, stored):
        return Refused(cause)
    # "null" is S3's own name for the one version of a bucket without versions
    return _by_bytes(item, stored.version_id or "null", head, time_zone)


def _other_bytes(item: Item, stored: Stored) -> str | None:
    if stored.sha256 is None:
        return "the object store holds no SHA-256 of it"
    if stored.sha256 != item.sha256:
        return f"its SHA-256 is {stored.sha256}, declared was {item.sha256}"
    if stored.size != item.size_bytes:
        return f"it has {stored.size} bytes, declared were {item.size_bytes}"
    return None


def _by_bytes(item: Item, version_id: str, head: bytes, time_zone: str) -> Proved | Refused:
    judgement = judge(item.kind, item.content_type, media_types(head))
    if judgement.fit is Fit.REFUSED:
        return Refused(f"declared as {item.content_type}, but its bytes are {judgement.found}")
    exif = read_exif(head, time_zone) if judgement.found.startswith("image/") else Exif()
    found = judgement.found if judgement.fit is Fit.OTHER_ALLOWED else None
    return Proved(version_id=version_id, found_type=found, exif=exif)
