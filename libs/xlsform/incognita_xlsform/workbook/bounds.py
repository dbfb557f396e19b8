"""Looks at an .xlsx file before it is read: nothing in it may take much time or memory."""

import io
import re
import zipfile
from collections.abc import Iterator

LARGEST_FILE = 10 * 2**20
LARGEST_CONTENT = 100 * 2**20
MOST_PARTS = 2_000
MOST_ROWS = 30_000
MOST_CELLS = 500_000
MOST_RATIO = 200
"""What a workbook of repeated texts shrinks to is a fiftieth at most; a bomb, a thousandth."""
_SMALL = 2**20
_CHUNK = 2**20
_OLD = b"\xd0\xcf\x11\xe0"
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]{1,40})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


class Unreadable(ValueError):
    """The file as a whole is refused; the message says why, for a person."""


def check(content: bytes) -> dict[str, list[str]]:
    """Refuses what is no workbook or too much of one. Returns part → ranges of merged cells.

    Raises Unreadable.
    """
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"is {len(content) / 2**20:.0f} MB; at most {LARGEST_FILE // 2**20} MB")
    if content.startswith(_OLD):
        raise Unreadable("is an old .xls or protected by a password: save it as .xlsx without one")
    if not content.startswith(b"PK"):
        raise Unreadable("is no .xlsx workbook: save it as Excel workbook (.xlsx)")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _check_parts(archive)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        OSError,
        EOFError,
    ) as error:
        raise Unreadable(f"is damaged or no .xlsx workbook ({error})") from None
    except (RuntimeError, ValueError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"is damaged or protected ({error})") from None


def _check_parts(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"has {len(parts)} parts, more than {MOST_PARTS}")
    claimed = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if claimed > LARGEST_CONTENT or (claimed > _SMALL and claimed / packed > MOST_RATIO):
        raise Unreadable(f"unpacks to {claimed / 2**20:.0f} MB: that is no questionnaire")
    if "[Content_Types].xml" not in archive.namelist():
        raise Unreadable("is a zip file, but no .xlsx workbook")
    merged: dict[str, list[str]] = {}
    read = 0
    for part in parts:
        if not part.filename.lower().endswith((".xml", ".rels")):
            continue
        is_sheet = _SHEET.fullmatch(part.filename) is not None
        tally = _Tally(part.filename) if is_sheet else None
        for chunk in _chunks(archive, part):
            read += len(chunk)
            if read > LARGEST_CONTENT:
                raise Unreadable(f"unpacks to more than {LARGEST_CONTENT // 2**20} MB")
            if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                raise Unreadable("has a document type inside, which no spreadsheet program writes")
            if tally is not None:
                tally.add(chunk)
        if tally is not None and tally.merged:
            merged[part.filename] = tally.merged
    return merged


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    before = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            yield before[-64:] + chunk
            before = chunk


class _Tally:
    """Counts rows and cells that hold something; formatted empty ones are many and harmless."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._cells = 0
        self._filled = 0
        self.merged: list[str] = []

    def add(self, chunk: bytes) -> None:
        self._cells += chunk.count(b"<c ") + chunk.count(b"<row ")
        if self._cells > MOST_CELLS:
            raise Unreadable(
                f"has more than {MOST_CELLS:,} cells: delete the empty rows at its end"
            )
        if len(self.merged) < 20:  # noqa: PLR2004 - as many as a message shows
            self.merged += [found.decode() for found in _MERGED.findall(chunk)]
