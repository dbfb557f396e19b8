"""Fixtures of the launcher's tests: nothing here touches the developer's own servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from incognita_local import elsewhere
from incognita_local.progress import Display
from incognita_local.records import StateDirectory


@pytest.fixture(autouse=True)
def no_servers_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in elsewhere.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    made = StateDirectory(tmp_path / "state")
    made.create()
    return made


class SpokenDisplay(Display):
    """A quiet display that keeps what it was told to say."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def display() -> Iterator[SpokenDisplay]:
    with SpokenDisplay() as made:
        yield made
