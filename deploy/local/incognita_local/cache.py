"""Downloaded and built files, kept for all state directories and checked at each use.

An entry appears by one rename, when it is whole: KEY/ holds the files and MANIFEST.json their
SHA-256. Unfinished work stays in work/KEY/, so the next try goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from incognita_local.errors import DamagedArtefactError, LocalError
from incognita_local.progress import Display, Task
from incognita_local.records import locked, read_json, write_json

MANIFEST = "MANIFEST.json"


class Artefact(Protocol):
    """One thing the servers need, and how it is got."""

    key: str
    title: str
    expected_s: float

    def pinned(self) -> Mapping[str, str] | None:
        """File → SHA-256 where known beforehand; None when it is built here."""

    def fetch(self, work: Path, task: Task) -> Path:
        """Make the finished directory below `work` (which may hold an unfinished try)."""


def default_root() -> Path:
    """$XDG_CACHE_HOME/incognita, else ~/.cache/incognita."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "incognita"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every file below a directory, by relative path."""
    files = sorted(p for p in directory.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {str(path.relative_to(directory)): sha256(path) for path in files}


def verify(directory: Path, expected: Mapping[str, str]) -> None:
    """Raises DamagedArtefactError naming the first file that is missing or differs."""
    for name, digest in expected.items():
        path = directory / name
        if not path.is_file():
            raise DamagedArtefactError(f"{path} is missing")
        if (found := sha256(path)) != digest:
            raise DamagedArtefactError(f"{path} has SHA-256 {found}, expected {digest}")


class Cache:
    """Finished artefacts by key. Safe for several processes at once."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    def has(self, artefact: Artefact) -> bool:
        """True when an entry is there; it is verified only when it is used."""
        return (self.root / artefact.key / MANIFEST).exists()

    def get(self, artefact: Artefact, display: Display) -> Path:
        """The verified directory, fetched when missing or damaged. Raises LocalError."""
        entry = self.root / artefact.key
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalError(f"the cache directory can't be made: {error}") from error
        with locked(self.root / f"{artefact.key}.lock"):
            if self._usable(artefact, entry, display):
                return entry
            task = display.task(artefact.title, expected_s=artefact.expected_s)
            self._fetch(artefact, entry, task)
            task.done("ready")
        return entry

    def _usable(self, artefact: Artefact, entry: Path, display: Display) -> bool:
        if not entry.exists():
            return False
        try:
            expected = artefact.pinned() or read_json(entry / MANIFEST)
            verify(entry, expected or {MANIFEST: "that of a whole manifest"})
        except DamagedArtefactError as error:
            display.say(f"{artefact.title}: the cached copy is damaged ({error}); getting it again")
            shutil.rmtree(entry)
            return False
        return True

    def _fetch(self, artefact: Artefact, entry: Path, task: Task) -> None:
        work = self.root / "work" / artefact.key
        work.mkdir(parents=True, exist_ok=True)
        try:
            made = artefact.fetch(work, task)
            found = digests(made)
            expected = artefact.pinned()
            if expected is not None:
                verify(made, expected)
                found = dict(expected)
        except DamagedArtefactError as error:
            shutil.rmtree(work, ignore_errors=True)
            raise LocalError(
                f"{artefact.title}: what was fetched is not what is pinned: {error}"
            ) from error
        except OSError as error:
            raise LocalError(f"{artefact.title}: {error}") from error
        write_json(made / MANIFEST, found)
        made.replace(entry)
        shutil.rmtree(work, ignore_errors=True)
