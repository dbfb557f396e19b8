"""JavaRosa as a process: its jars by the wheel jgo, each checked against its pinned SHA-256."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from incognita_local.artefacts import PinnedJars
from incognita_local.cache import Cache
from incognita_local.progress import Display

HERE = Path(__file__).parent
PROGRAM = HERE / "Judge.java"


def missing() -> str | None:
    """What this machine lacks, or None: compiling takes a JDK, not only a Java runtime."""
    return None if shutil.which("java") and shutil.which("javac") else "there is no JDK here"


@dataclass(frozen=True)
class Verdict:
    """What JavaRosa makes of one element."""

    path: str
    value: str | None
    relevant: bool
    required: bool
    within: bool

    @property
    def sound(self) -> bool:
        """Whether a phone would let the shopper go on."""
        if not self.relevant:
            return True
        return self.within and not (self.required and self.value is None)


@dataclass
class Judge:
    """Judges filled forms, one after the other."""

    _asked: IO[str]
    _told: IO[str]

    @classmethod
    @contextmanager
    def running(cls, display: Display) -> Iterator[Self]:
        """Fetches what is missing; the process ends with the context."""
        wanted = PinnedJars("JavaRosa's jars", "javarosa-6.0.0", HERE / "jars.txt")
        jars = Cache().get(wanted, display)
        argv = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-Duser.timezone=UTC"]
        process = subprocess.Popen(
            [*argv, "-cp", f"{jars}/*", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes to JavaRosa")
        with process:
            try:
                yield cls(process.stdin, process.stdout)
            finally:
                process.kill()

    def judge(self, form: bytes, instance: bytes) -> tuple[list[Verdict], dict[str, list[str]]]:
        """The verdicts by element, and path → the choices that it offers. Raises ValueError."""
        asked = {"form": form.decode(), "instance": instance.decode()}
        self._asked.write(f"{json.dumps(asked)}\n")
        self._asked.flush()
        answer: dict[str, Any] = json.loads(self._told.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return [Verdict(**each) for each in answer["elements"]], answer["offered"]
