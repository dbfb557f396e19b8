"""How long a recording is, as its file says: a phone that sends forms does not declare it."""

import asyncio
import io
import math
from typing import Any

from minio import Minio
from tinytag import TinyTag, TinyTagException

from incognita_evidence.openrosa.amr import seconds_of
from incognita_evidence.openrosa.storing import Staged
from incognita_shared.objects import ObjectStore

LONGEST_S = 86_400
MOST_REQUESTS = 64
BLOCK_BYTES = 65_536


async def duration_of(store: ObjectStore, staged: Staged, key: str) -> float | None:
    """In seconds; None for what is no recording, or does not say. ``key``: where it is kept."""
    if not any(name.startswith(("audio/", "video/")) for name in staged.types):
        return None
    if staged.data is not None:
        return await asyncio.to_thread(_duration_in, io.BytesIO(staged.data))

    def read(client: Minio) -> float | None:
        ranges = _Ranges(client, store.bucket, key, staged.size)
        return _duration_in(io.BufferedReader(ranges, BLOCK_BYTES))

    return await store.run("GetObject", key, read)


def _duration_in(file: Any) -> float | None:
    try:
        seconds = seconds_of(file, longest_s=LONGEST_S)
        if seconds is None:
            file.seek(0)
            seconds = TinyTag.get(file_obj=file, tags=False).duration
    except (TinyTagException, _TooMany):
        return None
    if seconds is None or not math.isfinite(seconds) or not 0 <= seconds <= LONGEST_S:
        return None
    return round(float(seconds), 3)


class _TooMany(Exception):
    """The file leads its reader all over the place."""


class _Ranges(io.RawIOBase):
    """A stored object as a file, read in pieces, a bounded number of them."""

    def __init__(self, client: Minio, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0
        self._requests = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise _TooMany
        response = self._client.get_object(self._bucket, self._key, offset=self._at, length=length)
        try:
            data = response.read(length)
        finally:
            response.close()
            response.release_conn()
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
