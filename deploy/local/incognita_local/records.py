"""What a state directory remembers: ports, and which process is which server."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from incognita_local.errors import LocalError
from incognita_local.pids import ProcessId


def write_json(path: Path, value: Any) -> None:
    """Replace the file at once: a reader sees the old or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in the file; empty when it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an advisory lock; it is let go by the kernel when this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class StateDirectory:
    """data/SERVER, logs/SERVER.log, pids/SERVER.json, servers.json (ports, no secrets)."""

    path: Path

    def data(self, name: str) -> Path:
        return self.path / "data" / name

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def servers_file(self) -> Path:
        return self.path / "servers.json"

    def _pid_file(self, name: str) -> Path:
        return self.path / "pids" / f"{name}.json"

    def create(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)  # holds the object store's credentials and all data
        except OSError as error:
            raise LocalError(f"the state directory can't be made: {error}") from error

    def ports(self, name: str) -> dict[str, int]:
        """Ports used the last time, by port name; empty when there are none."""
        kept = read_json(self.servers_file).get(name)
        ports = kept.get("ports") if isinstance(kept, dict) else None
        if not isinstance(ports, dict):
            return {}
        return {k: v for k, v in ports.items() if isinstance(v, int)}

    def all_ports(self) -> set[int]:
        return {port for name in read_json(self.servers_file) for port in self.ports(name).values()}

    def remember(self, name: str, ports: Mapping[str, int], url: str) -> None:
        with locked(self.path / "servers.lock"):
            servers = read_json(self.servers_file)
            write_json(self.servers_file, servers | {name: {"ports": dict(ports), "url": url}})

    def process(self, name: str) -> ProcessId | None:
        """The server's process as recorded, alive or not; None when the record is unusable."""
        try:
            return ProcessId.from_json(read_json(self._pid_file(name)))
        except (KeyError, TypeError, ValueError):
            return None

    def record(self, name: str, process: ProcessId) -> None:
        write_json(self._pid_file(name), process.to_json())

    def forget(self, name: str) -> None:
        self._pid_file(name).unlink(missing_ok=True)
