"""Finished files are checked at each use; unfinished ones never count."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from incognita_local import artefacts, go_programs, programs
from incognita_local.cache import Cache
from incognita_local.errors import DamagedArtefactError, LocalError
from incognita_local.progress import Task

GOOD = b"the pinned bytes"


@dataclass
class Tool:
    """A small artefact: `brings` is what the registry delivers, in the order of the tries."""

    brings: list[bytes] = field(default_factory=lambda: [GOOD, GOOD])
    is_pinned: bool = True
    fetched: int = 0
    key: str = "tool-1"
    title: str = "Tool"
    expected_s: float = 1.0

    def pinned(self) -> Mapping[str, str] | None:
        return {"tool": sha256(GOOD).hexdigest()} if self.is_pinned else None

    def fetch(self, work: Path, task: Task) -> Path:
        self.fetched += 1
        files = work / "files"
        files.mkdir(exist_ok=True)
        content = self.brings.pop(0)
        (files / "tool").write_bytes(content)
        if content == b"half":
            raise LocalError("Tool: the connection broke")
        return files


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_a_whole_entry_is_fetched_once(cache: Cache, display: Any) -> None:
    tool = Tool()
    assert (cache.get(tool, display) / "tool").read_bytes() == GOOD
    assert (cache.get(tool, display) / "tool").read_bytes() == GOOD
    assert tool.fetched == 1


def test_bytes_that_are_not_the_pinned_ones_are_refused_and_not_kept(
    cache: Cache, display: Any
) -> None:
    tool = Tool(brings=[b"something else", GOOD])
    with pytest.raises(LocalError, match=r"not what is pinned.*tool has SHA-256"):
        cache.get(tool, display)
    assert not cache.has(tool)
    assert (cache.get(tool, display) / "tool").read_bytes() == GOOD


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_damaged_entry_is_told_and_fetched_again(
    cache: Cache, display: Any, is_pinned: bool
) -> None:
    tool = Tool(is_pinned=is_pinned)
    entry = cache.get(tool, display)
    (entry / "tool").write_bytes(b"bit rot")
    assert (cache.get(tool, display) / "tool").read_bytes() == GOOD
    assert "Tool: the cached copy is damaged" in display.said[0]
    assert tool.fetched == 2


def test_an_entry_without_its_manifest_does_not_count(cache: Cache, display: Any) -> None:
    tool = Tool(is_pinned=False)
    (cache.get(tool, display) / "MANIFEST.json").write_text("{", encoding="utf-8")
    cache.get(tool, display)
    assert tool.fetched == 2


def test_a_broken_fetch_leaves_no_entry_and_the_next_one_goes_on(
    cache: Cache, display: Any
) -> None:
    tool = Tool(brings=[b"half", GOOD])
    with pytest.raises(LocalError, match="the connection broke"):
        cache.get(tool, display)
    assert not (cache.root / tool.key).exists()
    assert (cache.root / "work" / tool.key / "files" / "tool").exists()
    assert (cache.get(tool, display) / "tool").read_bytes() == GOOD
    assert not (cache.root / "work" / tool.key).exists()


def test_two_at_once_fetch_once(cache: Cache, display: Any) -> None:
    tool = Tool()
    with ThreadPoolExecutor(4) as pool:
        entries = set(pool.map(lambda _: cache.get(tool, display), range(4)))
    assert len(entries) == 1
    assert tool.fetched == 1


def test_every_jar_is_pinned_and_the_broker_is_among_them() -> None:
    jars = artefacts.kafka_jars()
    assert "kafka_2.13-4.0.1.jar" in jars
    assert all(len(digest) == 64 for _, digest in jars.values())


@pytest.mark.parametrize("program", [go_programs.MINIO, go_programs.TOXIPROXY])
def test_a_program_built_from_another_version_is_refused(
    program: go_programs.GoProgram, tmp_path: Path
) -> None:
    (tmp_path / "built").write_bytes(f"mod\t{program.module}\tv0.0.1\th1:xxx\n".encode())
    with pytest.raises(DamagedArtefactError, match="was not built from"):
        program.check(tmp_path / "built", tmp_path)


def test_toxiproxy_is_not_among_what_the_servers_need(cache: Cache) -> None:
    assert go_programs.MINIO in programs.missing(cache)
    assert go_programs.TOXIPROXY not in programs.missing(cache)
