"""Run with jgo on its path: fetch the pinned jars, several at once, each whole or not at all.

Arguments: the list of pins, the directory for the jars, a scratch Maven repository.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import (  # type: ignore[import-not-found]  # on the path of this script only
    MavenContext,
    PythonResolver,
)


def fetch(pin: str, jars: Path, maven: MavenContext) -> None:
    """Raises ValueError when the jar is not the pinned one."""
    name, digest = pin.split()
    group, artifact, version = name.split(":")
    target = jars / f"{artifact}-{version}.jar"
    if target.exists():
        return
    got = maven.project(group, artifact).at_version(version).artifact().resolve()
    found = hashlib.sha256(got.read_bytes()).hexdigest()
    if found != digest:
        got.unlink()
        raise ValueError(f"{name} has SHA-256 {found}, pinned is {digest}")
    fresh = target.with_suffix(".new")
    shutil.move(got, fresh)
    fresh.replace(target)


def main() -> None:
    pins, jars, repository = (Path(argument) for argument in sys.argv[1:4])
    shutil.rmtree(repository, ignore_errors=True)  # a jar cut short would be taken for whole
    maven = MavenContext(
        repo_cache=repository, local_repos=[], resolver=PythonResolver(), timeout=60
    )
    lines = [line for line in pins.read_text("utf-8").splitlines() if line and line[0] != "#"]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(fetch, line, jars, maven) for line in lines]:
            done.result()


if __name__ == "__main__":
    main()
